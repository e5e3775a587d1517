/** Several environments with the addon at once, and child processes. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Padata } from 'padata';
import { noop } from 'padata/functions';
import { expect, it } from 'vitest';
import { ends, runScript } from '../support/child.js';
import { within } from '../support/padata.js';

const flood = join(import.meta.dirname, '../fixtures/scripts/flood.cjs');

it('four Workers and this thread work side by side; two of them are terminated', async () => {
  const start = (how: string) => new Worker(flood, { workerData: [how, '50000'] });
  const returning = [start('return'), start('return')];
  const staying = [start('stay'), start('stay')];
  const results = returning.map((worker) => within(lastMessage(worker), 'a Worker'));
  const padata = new Padata('here');
  const shell = padata.createShell();
  let next = 0;
  let outOfOrder = 0;
  for (let i = 0; i < 50_000; i++) {
    shell.doParallel({ parallel: noop, serial: () => (i === next++ ? 0 : outOfOrder++) });
  }
  await Promise.all(staying.map((worker) => once(worker, 'message')));
  await within(Promise.all(staying.map((worker) => worker.terminate())), 'terminate');
  expect(await Promise.all(results)).toEqual([46_875, 46_875]);
  await within(padata.close(), 'close');
  expect([next, outOfOrder]).toEqual([50_000, 0]);
});

/** Of the messages 'in flight' and the count of what was delivered, the second. */
async function lastMessage(worker: Worker): Promise<unknown> {
  let last: unknown;
  worker.on('message', (message) => {
    last = message;
  });
  expect((await once(worker, 'exit'))[0]).toBe(0);
  return last;
}

it('spawn, exec and fork while jobs are in flight', async () => {
  expect(await runScript('children.cjs')).toMatchObject({ ...ends(0, 'ok'), stderr: '' });
});

it('an exception in serial() ends a process that does not listen, and says where it was thrown', async () => {
  const { code, signal, stderr } = await runScript('flood.cjs', ['throw-in-serial', '100']);
  expect([code, signal]).toEqual([1, null]);
  expect(stderr).toMatch(/flood\.cjs:\d+/);
});
