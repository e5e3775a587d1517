import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';
import { noopLanes } from './promises.mjs';

/** @type {import('../lib/types.mjs').OpenBackend} */
export async function open(options) {
  const script = fileURLToPath(new URL('./workers/workerpool.mjs', import.meta.url));
  const pool = workerpool.pool(script, { minWorkers: 2, maxWorkers: 2, workerType: 'thread', ...options });
  return { ordered: false, noopLane: noopLanes(() => pool.exec('noop')) };
}
