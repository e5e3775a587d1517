/** Isolates that cannot be started: jobs with module functions fail, in their turn, and the instance works. */
import diagnostics from 'node:diagnostics_channel';
import type { Job, PadataOptions } from 'padata';
import { describe, expect, it, onTestFinished } from 'vitest';
import { modulePath, rejection, work } from '../support/modules.js';
import { here, shellOf, within } from '../support/padata.js';

const id = work('id');

describe('no isolate can be started', () => {
  const cases: [string, PadataOptions['isolates']][] = [
    ['new Worker() throws', { execArgv: ['--no-such-option'] }],
    ['it ends at once', { execArgv: ['--import', modulePath('nowhere.mjs')] }],
  ];
  it.each(cases)('%s: jobs fail with EAGAIN, in their turn, and broadcast() says so', async (_what, isolates) => {
    const shell = shellOf({ isolates: isolates! });
    for (let round = 0; round < 2; round++) {
      const errors = await within(Promise.all([1, 2, 3].map((i) => rejection(shell.run(id, i)))), 'runs');
      for (const error of errors) expect(error).toMatchObject({ code: 'EAGAIN', cause: expect.any(Error) });
      expect(
        await within(
          shell.run((x: number) => x + 1, 1),
          'a closure',
        ),
      ).toBe(2);
    }
    expect(await rejection(shell.instance.broadcast(id, 1))).toBeInstanceOf(Error);
  });

  it('it ends at once: jobs know after a few attempts, and then after one more each', async () => {
    const shell = shellOf({ isolates: { execArgv: ['--import', modulePath('nowhere.mjs')] } });
    let exits = 0;
    const onExit = () => void exits++;
    diagnostics.subscribe('padata:isolate:exit', onExit);
    onTestFinished(() => void diagnostics.unsubscribe('padata:isolate:exit', onExit));
    for (const most of [3, 1, 1]) {
      const before = exits;
      await within(Promise.all([1, 2, 3].map((i) => rejection(shell.run(id, i)))), 'runs');
      expect(exits - before).toBeLessThanOrEqual(most + here.length); // those that were starting besides
    }
  });

  it.each(cases)(
    '%s: a serial() that waits for one counts as made, and the instance tells',
    async (_what, isolates) => {
      const shell = shellOf({ isolates: isolates! });
      const told: Error[] = [];
      shell.instance.on('error', (error) => told.push(error));
      for (let i = 0; i < 5; i++) {
        shell.doParallel({ parallel: (job: Job) => shell.doSerial(job), serial: id });
        shell.doParallel({ parallel: id, data: i, serial: id }); // its turn comes when it is cancelled
      }
      await within(shell.drain(), 'drain');
      expect(told.length).toBeGreaterThan(0);
      for (const error of told) expect(error).toMatchObject({ code: 'EAGAIN', cause: expect.any(Error) });
    },
  );
});
