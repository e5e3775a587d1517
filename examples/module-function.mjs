// How do I run JavaScript on all CPUs, with the results in order?
import { moduleFunction, Padata } from 'padata';

const pd = new Padata('primes');
const shell = pd.createShell();

/** @type {import('padata').ModuleFunction<{ from: number, to: number }, number>} */
const countPrimes = moduleFunction(new URL('./modules/primes.mjs', import.meta.url), 'countPrimes');

const ranges = Array.from({ length: 10 }, (_, i) => ({ from: i * 10_000, to: (i + 1) * 10_000 }));
let total = 0;
for await (const count of shell.map(ranges, countPrimes)) total += count;
console.log(`${total} primes below 100000`);

await pd.close();
