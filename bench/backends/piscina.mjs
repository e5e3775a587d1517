import { Piscina } from 'piscina';
import { threads } from '../lib/threads.mjs';
import { poolBackend } from './pool.mjs';

/** @type {import('../lib/types.mjs').OpenBackend} */
export async function open({ workers = threads, ...options }) {
  const count = Number(workers);
  const filename = new URL('./workers/functions.mjs', import.meta.url).href;
  const pool = new Piscina({ filename, minThreads: count, maxThreads: count, recordTiming: false, ...options });
  return poolBackend((name) => {
    const runOptions = { name };
    return (input) => pool.run(input, runOptions);
  });
}
