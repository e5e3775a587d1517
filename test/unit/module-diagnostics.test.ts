/** The channels of node:diagnostics_channel. */
import diagnostics from 'node:diagnostics_channel';
import { type Job, Padata } from 'padata';
import { noop } from 'padata/functions';
import { expect, it, onTestFinished } from 'vitest';
import { work, wrongs } from '../support/modules.js';
import { firstCpu, instance, until, within } from '../support/padata.js';

type Event = Record<string, unknown>;

/** What comes on a channel until the test is over. */
function events(name: string): Event[] {
  const all: Event[] = [];
  const listen = (event: unknown) => void all.push(event as Event);
  diagnostics.subscribe(name, listen);
  onTestFinished(() => void diagnostics.unsubscribe(name, listen));
  return all;
}

const numbers = (all: Event[]) => all.map(({ seqNr }) => seqNr);

it('padata:submit and padata:serialize tell of jobs of all kinds, in order', async () => {
  const submits = events('padata:submit');
  const serializes = events('padata:serialize');
  const padata = instance();
  const shell = padata.createShell();
  const order: string[] = [];
  const jobs: Job[] = [
    { parallel: noop, serial: () => order.push('native') },
    { parallel: (job: Job) => shell.doSerial(job), serial: () => order.push('closure') },
    { parallel: work('id'), data: { some: 'thing' }, serial: () => order.push('module') },
    { parallel: noop, serial: work('note') },
  ];
  diagnostics.subscribe('padata:serialize', check);
  onTestFinished(() => void diagnostics.unsubscribe('padata:serialize', check));
  function check(event: unknown) {
    if ((event as { job: Job }).job === jobs[1]) expect(order).toEqual(['native']); // before its own serial()
  }
  for (const job of jobs) shell.doParallel(job, firstCpu);
  expect(numbers(submits)).toEqual([0, 1, 2, 3]);
  expect(submits.map(({ job }) => job)).toEqual(jobs);
  expect(serializes).toEqual([]);
  await within(shell.drain(), 'drain');
  expect(serializes.map(({ job }) => job)).toEqual(jobs);
  for (const [i, { shell: id, seqNr, cbCpu, at, instance: name }] of serializes.entries()) {
    expect([seqNr, cbCpu, name]).toEqual([i, firstCpu, 'test']);
    expect(id).toBe(submits[i]!.shell);
    expect(at).toBeGreaterThanOrEqual(submits[i]!.at as number);
  }
  expect(order).toEqual(['native', 'closure', 'module']);
});

it('a listener may submit jobs, and may throw', async () => {
  const shell = instance().createShell();
  let more = 3;
  const listen = () => {
    if (more-- > 0) shell.doParallel({ parallel: noop, serial: () => {} });
  };
  diagnostics.subscribe('padata:submit', listen);
  onTestFinished(() => void diagnostics.unsubscribe('padata:submit', listen));
  expect(await within(shell.run(work('id'), 5), 'run')).toBe(5);
  await within(shell.drain(), 'drain');
  expect(more).toBeLessThan(0);
});

it('padata:start and padata:finish tell when a job runs, and where', async () => {
  const starts = events('padata:start');
  const finishes = events('padata:finish');
  const submits = events('padata:submit');
  const shell = instance().createShell();
  const outputs = await within(
    Promise.all(Array.from({ length: 20 }, () => shell.run<undefined, { cpu: number }>(work('where'), undefined))),
    'run',
  );
  await until(() => starts.length === 20 && finishes.length === 20, 'events');
  for (const [i, { cpu }] of outputs.entries()) {
    const at = (all: Event[]) => all.find(({ seqNr }) => seqNr === i)!;
    expect([at(starts), at(finishes)]).toMatchObject([
      { cpu, instance: 'test', shell: submits[0]!.shell },
      { cpu, instance: 'test', shell: submits[0]!.shell },
    ]);
    expect(at(starts).at).toBeLessThanOrEqual(at(finishes).at as number);
    expect(at(submits).at).toBeLessThanOrEqual(at(starts).at as number);
  }
});

it('padata:isolate:start and padata:isolate:exit tell of isolates', async () => {
  const starts = events('padata:isolate:start');
  const exits = events('padata:isolate:exit');
  const padata = new Padata('named', { parallel: [firstCpu] });
  const shell = padata.createShell();
  const { threadId } = await within(shell.run(work('where'), undefined), 'run');
  expect(starts).toEqual([{ instance: 'named', cpu: firstCpu, threadId }]);
  expect(exits).toEqual([]);
  await expect(within(shell.run(wrongs('exit'), 6), 'run')).rejects.toThrow('code 6');
  expect(exits).toEqual([{ instance: 'named', cpu: firstCpu, exitCode: 6, error: undefined }]);
  await within(padata.close(), 'close');
  // Another one may have been on its way when the instance was closed.
  expect(exits.length).toBeGreaterThanOrEqual(starts.length);
});

it('no isolate tells what nobody wants to know', async () => {
  const shell = instance().createShell();
  await within(shell.run(work('id'), 1), 'run');
  const finishes = events('padata:finish');
  await within(shell.run(work('id'), 2), 'run');
  await until(() => finishes.length > 0, 'events');
  expect(numbers(finishes)).toEqual([1]);
});
