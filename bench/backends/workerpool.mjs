import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';
import { threads } from '../lib/threads.mjs';
import { poolBackend } from './pool.mjs';

/** @type {import('../lib/types.mjs').OpenBackend} */
export async function open({ workers = threads, ...options }) {
  const count = Number(workers);
  const script = fileURLToPath(new URL('./workers/workerpool.mjs', import.meta.url));
  const pool = workerpool.pool(script, { minWorkers: count, maxWorkers: count, workerType: 'thread', ...options });
  return poolBackend((name) => (input) => pool.exec(name, [input]));
}
