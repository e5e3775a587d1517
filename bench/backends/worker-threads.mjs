import { Worker } from 'node:worker_threads';
import { threads } from '../lib/threads.mjs';
import { poolBackend } from './pool.mjs';

/** Bare worker_threads, jobs dealt out in turn: what one writes without a library. @type {import('../lib/types.mjs').OpenBackend} */
export async function open({ workers = threads }) {
  /** @type {Map<number, (result: unknown) => void>} */
  const waiting = new Map();
  let seqNr = 0;
  const settle = (/** @type {[number, unknown]} */ [id, result]) => {
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve?.(result);
  };
  const all = Array.from({ length: Number(workers) }, () => {
    const worker = new Worker(new URL('./workers/bare.mjs', import.meta.url));
    worker.on('message', settle);
    return worker;
  });
  return poolBackend((name) => (input) => {
    const id = seqNr++;
    all[id % all.length].postMessage([id, name, input]);
    return new Promise((resolve) => waiting.set(id, resolve));
  });
}
