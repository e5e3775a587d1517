import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { cut, threads } from '../lib/threads.mjs';

/** Loops on all CPUs at once, to which nothing is handed over: what the machine can do. @type {import('../lib/types.mjs').OpenBackend} */
export async function open() {
  const all = Array.from({ length: threads }, () => new Worker(new URL('./workers/plain-loop.mjs', import.meta.url)));
  const run = async (/** @type {string} */ name, /** @type {unknown[]} */ args, /** @type {number} */ ms) => {
    const rates = all.map(async (worker, i) => {
      worker.postMessage({ name, arg: args[i], ms });
      return (await once(worker, 'message'))[0];
    });
    return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
  };
  return {
    ordered: true,
    churnLoops: (rounds, ms) => run('churn', new Array(threads).fill(rounds), ms),
    mixLoops: async (shared, units, ms) =>
      (await run(
        'mix',
        cut(units).map((part) => ({ ...part, shared })),
        ms,
      )) / threads,
  };
}
