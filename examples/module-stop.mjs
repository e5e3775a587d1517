// How do I stop a function that runs in an isolate?
import { moduleFunction, Padata } from 'padata';

const pd = new Padata('stop');
const shell = pd.createShell();
const here = new URL('./modules/primes.mjs', import.meta.url);

/** @type {import('padata').ModuleFunction<undefined, void>} */
const wait = moduleFunction(here, 'wait');
/** @type {import('padata').ModuleFunction<undefined, void>} */
const loopForEver = moduleFunction(here, 'loopForEver');

// An asynchronous function sees that its signal is aborted.
const signal = AbortSignal.timeout(100);
console.log(await shell.run(wait, undefined, { signal }).catch((error) => error.name));

// One that does not come back to its event loop sees nothing: its isolate is ended and replaced.
console.log(await shell.run(loopForEver, undefined, { timeLimitMs: 100 }).catch((error) => error.code));
const hard = AbortSignal.timeout(100);
console.log(await shell.run(loopForEver, undefined, { signal: hard, hard: true }).catch((error) => error.name));

await pd.close();
