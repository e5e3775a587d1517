import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { noopLanes } from './promises.mjs';

/** @type {import('../lib/types.mjs').OpenBackend} */
export async function open(options) {
  const script = fileURLToPath(new URL('./workers/poolifier.mjs', import.meta.url));
  const pool = new FixedThreadPool(2, script, { enableEvents: false, enableTasksQueue: false, ...options });
  return { ordered: false, noopLane: noopLanes(() => pool.execute()) };
}
