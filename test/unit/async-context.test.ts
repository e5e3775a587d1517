/** Which asynchronous context (AsyncLocalStorage) the functions of a job run in. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Job, Padata } from 'padata';
import { noop } from 'padata/functions';
import { afterAll, expect, it } from 'vitest';

const storage = new AsyncLocalStorage<string>();
const instance = new Padata('async-context');
const shell = instance.createShell();
afterAll(() => instance.close());

it('a closure parallel() runs in the context of its own submitter', async () => {
  const seen: unknown[] = [];
  for (const name of ['one', 'two', 'three']) {
    const job: Job = {
      parallel: () => {
        seen.push(storage.getStore());
        shell.doSerial(job);
      },
      serial: () => {},
    };
    storage.run(name, () => shell.doParallel(job));
  }
  await shell.drain();
  expect(seen).toEqual(['one', 'two', 'three']);
});

it('a closure serial() runs in the context of no submitter', async () => {
  const seen: unknown[] = [];
  const job = { parallel: noop, serial: () => seen.push(storage.getStore()) };
  for (let i = 0; i < 3; i++) storage.run(`submitter ${i}`, () => shell.doParallel(job));
  await shell.drain();
  expect(seen).toEqual([undefined, undefined, undefined]);
});

it('what awaits run() stays in its own context', async () => {
  const seen = await storage.run('awaiting', async () => {
    await shell.run(noop, undefined);
    return storage.getStore();
  });
  expect(seen).toBe('awaiting');
});
