// How do I give up waiting for a job?
import { Padata } from 'padata';
import { spin } from 'padata/functions';

const pd = new Padata('abort');
const shell = pd.createShell();
const work = spin(5_000_000); // 5 ms

const controller = new AbortController();
const first = shell.run(work, undefined, { signal: controller.signal });
const second = shell.run(work, undefined);
controller.abort();

// An accepted job is not interrupted, and keeps its turn: its promise is rejected then, and the order of promises holds.
console.log(await first.catch((error) => error.name));
console.log((await second) === undefined ? 'the second job is not affected' : '');

// With a signal that was aborted before, nothing is submitted.
console.log(await shell.run(work, undefined, { signal: AbortSignal.abort() }).catch((error) => error.name));

// map() stops taking from its source, gives what it had, and throws the signal's reason.
const endless = {
  *[Symbol.iterator]() {
    while (true) yield undefined;
  },
};
const timeout = AbortSignal.timeout(50);
let outputs = 0;
try {
  for await (const _ of shell.map(endless, work, { signal: timeout, maxPending: 4 })) outputs++;
} catch (error) {
  console.log(outputs > 0, /** @type {Error} */ (error).name);
}

await pd.close();
