import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { threads } from '../lib/threads.mjs';
import { poolBackend } from './pool.mjs';

/** @type {import('../lib/types.mjs').OpenBackend} */
export async function open({ workers = threads, ...options }) {
  const script = fileURLToPath(new URL('./workers/poolifier.mjs', import.meta.url));
  const pool = new FixedThreadPool(Number(workers), script, {
    enableEvents: false,
    enableTasksQueue: false,
    ...options,
  });
  return poolBackend((name) => (input) => pool.execute(input, name));
}
