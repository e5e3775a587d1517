/**
 * Every promise of a job with a module function settles, in its turn, with an Error if something went wrong; afterwards the instance
 * works, and no other job was harmed.
 */
import { type Job, type ModuleFunction, moduleFunction, Padata, type RunOptions, type Shell } from 'padata';
import { describe, expect, it } from 'vitest';
import { Gate, modulePath, rejection, work, wrongs } from '../support/modules.js';
import { firstCpu, instance, shellOf, until, within } from '../support/padata.js';

// biome-ignore lint/suspicious/noExplicitAny: what is wrong on purpose has no type
type Any = ModuleFunction<any, any>;
const id = work('id');
const AROUND = 40;

interface Settled {
  index: number;
  value?: unknown;
  reason?: unknown;
}

/** Runs a job between others; looks that all settle in order, and that the others come to what they should. */
async function between(shell: Shell, fn: Any, input: unknown, options?: RunOptions, others: Any = id) {
  const settled: Settled[] = [];
  const runs = Array.from({ length: 2 * AROUND + 1 }, (_, index) =>
    (index === AROUND ? shell.run(fn, input, options) : shell.run(others, { index })).then(
      (value) => void settled.push({ index, value }),
      (reason: unknown) => void settled.push({ index, reason }),
    ),
  );
  await within(Promise.all(runs), 'jobs');
  expect(settled.map(({ index }) => index)).toEqual(runs.map((_, index) => index));
  for (const { index, value } of settled) if (index !== AROUND) expect(value).toEqual({ index });
  expect(await within(shell.run(id, 'afterwards'), 'the next job')).toBe('afterwards');
  const { reason } = settled[AROUND] as Settled;
  expect(reason).toBeInstanceOf(Error);
  return reason as Error & Record<string, unknown>;
}

const uncloneable = { f: () => 1 };
const custom = (message: string) => ({
  name: 'Custom',
  message,
  code: 'E_CUSTOM',
  detail: { list: [1, 2] },
  cause: expect.objectContaining({ message: 'below' }),
});

describe('a job settles in its turn', () => {
  const data = (text: string, name?: string) => moduleFunction(`data:text/javascript,${text}`, name);
  const cases: [what: string, fn: Any, input: unknown, like: object][] = [
    ['thrown', wrongs('throws'), 0, custom('thrown')],
    ['rejected', wrongs('rejects'), 0, custom('rejected')],
    ['what is no Error is thrown', wrongs('throwsText'), 0, { message: expect.stringContaining('only text') }],
    ['uncaught, while the job runs', wrongs('uncaught'), 0, custom('uncaught')],
    ['unhandled, while the job runs', wrongs('unhandled'), 0, custom('unhandled')],
    ['process.exit()', wrongs('exit'), 9, { code: 'EOWNERDEAD', message: expect.stringContaining('code 9') }],
    ['process.exit(0)', wrongs('exit'), 0, { code: 'EOWNERDEAD', message: expect.stringContaining('code 0') }],
    [
      'process.exit() later',
      wrongs('exitLater'),
      9,
      { code: 'EOWNERDEAD', message: expect.stringContaining('code 9') },
    ],
    ['infinite recursion', wrongs('recursion'), 0, { name: 'RangeError' }],
    ['an uncloneable argument', id, uncloneable, { name: 'DataCloneError' }],
    ['an uncloneable result', wrongs('uncloneable'), 0, { name: 'DataCloneError' }],
    ['an uncloneable result, later', wrongs('uncloneableLater'), 0, { name: 'DataCloneError' }],
    ['no such module', work('x', 'nowhere.mjs'), 0, { code: 'ERR_MODULE_NOT_FOUND' }],
    ['no such export', work('nothingSuch'), 0, { name: 'TypeError', message: expect.stringContaining('nothingSuch') }],
    ['an export that is no function', data('export const x = 1', 'x'), 0, { name: 'TypeError' }],
    ['a syntax error', data('export default ('), 0, { name: 'SyntaxError' }],
    ['a module that throws', work('default', 'bad-import.mjs'), 0, { code: 'E_OWN' }],
    ['a setup() that rejects', work('default', 'bad-setup.mjs'), 0, { message: expect.stringContaining('no table') }],
  ];
  it.each(cases)('%s', async (what, fn, input, like) => {
    const shell = shellOf();
    // A rejection before anything was queued is no job, and has no turn.
    if (what === 'an uncloneable argument') expect(await rejection(shell.run(fn, input))).toMatchObject(like);
    else expect(await between(shell, fn, input)).toMatchObject(like);
    // And once more, where it was remembered or has done its damage, with one CPU and isolates that exist.
    const one = shellOf({ parallel: [firstCpu] });
    await within(one.run(id, 0), 'run');
    if (what === 'an uncloneable argument') expect(await rejection(one.run(fn, input))).toMatchObject(like);
    else for (let i = 0; i < 2; i++) expect(await between(one, fn, input)).toMatchObject(like);
    expect(shell.pending).toBe(0);
  });

  it('an uncloneable argument: nothing was queued', async () => {
    const shell = shellOf();
    const before = shell.run(id, 1);
    const error = rejection(shell.run(id, uncloneable));
    const after = shell.run(id, 2);
    expect(shell.pending).toBe(2);
    expect(await within(Promise.all([before, after]), 'run')).toEqual([1, 2]);
    expect(await error).toMatchObject({ name: 'DataCloneError' });
  });

  it('an isolate that is out of memory', async () => {
    const shell = shellOf({
      isolates: { resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } },
    });
    const error = await between(shell, wrongs('outOfMemory'), 0);
    expect(error).toMatchObject({ code: 'EOWNERDEAD', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
  });

  it('thrown when the job was over: the instance tells, and nothing dies', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const errors: Error[] = [];
    padata.on('error', (error) => void errors.push(error));
    const shell = padata.createShell();
    const { threadId } = await within(shell.run(work('where'), 0), 'run');
    expect(await within(shell.run(wrongs('uncaughtLater'), 0), 'run')).toBe('fine so far');
    await until(() => errors.length > 0, 'the event');
    expect(errors).toMatchObject([custom('much later')]);
    expect(await within(shell.run(work('where'), 0), 'run')).toMatchObject({ threadId });
  });

  it('the same without a listener: a warning', async () => {
    const shell = shellOf();
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve));
    await within(shell.run(wrongs('uncaughtLater'), 0), 'run');
    expect(await within(warning, 'the warning')).toMatchObject({ message: 'much later' });
  });
});

describe('aborted', () => {
  it('while its function is loaded: it is not called', async () => {
    const shell = shellOf();
    const controller = new AbortController();
    const reason = new Error('too long');
    const parallel = moduleFunction(modulePath('slow-load.mjs'));
    const outcome = new Promise<Job>((serial) => {
      shell.doParallel({ parallel, serial, moduleOptions: { signal: controller.signal } });
    });
    await until(() => shell.instance.stats().isolates.some(({ waiting }) => waiting.count > 0), 'begun');
    controller.abort(reason);
    expect(await within(outcome, 'its turn')).toMatchObject({ result: undefined, error: { message: 'too long' } });
  });

  const reason = new Error('enough');

  it('before it was submitted', async () => {
    const shell = shellOf();
    expect(await rejection(shell.run(id, 1, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(shell.pending).toBe(0);
    const fields = await new Promise((resolve) => {
      const moduleOptions = { signal: AbortSignal.abort(reason) };
      shell.doParallel({ parallel: work('count'), moduleOptions, serial: (job) => resolve([job.error, job.result]) });
    });
    expect(fields).toEqual([reason, undefined]);
    expect(await within(shell.run(work('count'), 0), 'run')).toMatchObject({ calls: 1 }); // that one did not run
  });

  it.each([false, true])('before it has begun: it never begins, and rejects in its turn; hard: %s', async (hard) => {
    const shell = shellOf({ parallel: [firstCpu] });
    const gate = new Gate();
    const controller = new AbortController();
    const order: string[] = [];
    const runs = [
      shell.run(work('gate'), gate.words).then(() => order.push('gate')),
      shell.run(work('count'), 0, { signal: controller.signal, hard }).catch((error) => order.push(error.message)),
      shell.run(work('count'), 0).then((output) => order.push(`count ${(output as { calls: number }).calls}`)),
    ];
    await gate.reached();
    controller.abort(reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(order).toEqual([]); // not before its turn
    gate.open();
    await within(Promise.all(runs), 'runs');
    expect(order).toEqual(['gate', 'enough', 'count 1']);
  });

  it('while it runs: its function sees the signal and the reason', async () => {
    const shell = shellOf();
    const controller = new AbortController();
    // With doParallel it is known what the function came to.
    const done = new Promise<unknown[]>((resolve) => {
      shell.doParallel({
        parallel: work('untilAborted'),
        moduleOptions: { signal: controller.signal },
        serial: (job) => resolve([job.result, job.error]),
      });
    });
    const error = rejection(shell.run(work('throwIfAborted'), 0, { signal: controller.signal }));
    const other = shell.run(id, 'other');
    await within(instance().createShell().run(id, 0), 'run'); // time to begin
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort(reason);
    expect(await within(done, 'done')).toEqual([expect.objectContaining({ message: 'enough' }), undefined]);
    expect(await within(error, 'run')).toBe(reason);
    expect(await within(other, 'other')).toBe('other');
  });

  it('while it runs, hard: the isolate is replaced, and the others are not harmed', async () => {
    const shell = shellOf();
    const controller = new AbortController();
    const order: unknown[] = [];
    const stuck = shell
      .run(wrongs('forever'), 0, { signal: controller.signal, hard: true })
      .catch((error) => order.push(error));
    const others = Array.from({ length: 50 }, (_, i) => shell.run(id, i).then((value) => order.push(value)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(order).toEqual([]);
    controller.abort(reason);
    await within(Promise.all([stuck, ...others]), 'all');
    expect(order).toEqual([reason, ...others.map((_, i) => i)]);
  });

  it('when it is over: nothing happens', async () => {
    const shell = shellOf();
    const controller = new AbortController();
    const { threadId } = await within(shell.run(work('where'), 0, { signal: controller.signal, hard: true }), 'run');
    controller.abort(reason);
    expect(threadId).toBeGreaterThan(0);
    expect(await within(Promise.all([shell.run(id, 1), shell.run(id, 2)]), 'run')).toEqual([1, 2]);
  });

  it('when it is over, while the isolate has gone on to a longer one: that is not harmed', async () => {
    const padata = instance({ parallel: [firstCpu] });
    const shell = padata.createShell();
    const settle = (jobs: Promise<unknown>[]) => within(Promise.allSettled(jobs), 'short jobs');
    await settle(Array.from({ length: 2000 }, (_, i) => shell.run(id, i))); // short, so many are claimed at once
    for (let round = 0; round < 10; round++) {
      const [until, gate] = [new Gate(), new Gate()];
      await within(padata.broadcast(work('keepGate'), gate.words), 'broadcast');
      const first = shell.run(work('gate'), until.words); // until all are submitted
      const controller = new AbortController();
      const options = { signal: controller.signal, hard: true };
      const short = Array.from({ length: 200 }, (_, i) => shell.run(id, i, options));
      const long = shell.run(work('gateKept'), 0);
      until.open();
      await within(first, 'the first one');
      await gate.reached();
      controller.abort(reason);
      await settle(short);
      gate.open();
      expect(await within(long, 'the longer one')).toBe('passed');
    }
  });

  it('one signal for many jobs: each rejects in its turn, and no warning comes', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => void warnings.push(warning);
    process.on('warning', listen);
    const shell = shellOf({ parallel: [firstCpu] });
    const controller = new AbortController();
    const gate = new Gate();
    const first = shell.run(work('gate'), gate.words);
    const all = Array.from({ length: 100 }, () => rejection(shell.run(id, 1, { signal: controller.signal })));
    await gate.reached();
    controller.abort(reason);
    gate.open();
    expect(await within(first, 'first')).toBe('passed');
    expect(new Set(await within(Promise.all(all), 'all'))).toEqual(new Set([reason]));
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });

  it('a job whose result has come by message, before its turn', async () => {
    const shell = shellOf();
    const gate = new Gate();
    const controller = new AbortController();
    const words = new Int32Array(new SharedArrayBuffer(4));
    const first = shell.run(work('gate'), gate.words);
    const second = rejection(shell.run(work('shared'), words, { signal: controller.signal }));
    await until(() => words[0] === 1, 'the second job');
    controller.abort(reason);
    gate.open();
    await within(first, 'first');
    expect(await within(second, 'second')).toBe(reason);
    expect(await within(shell.run(work('shared'), words), 'run')).toEqual(words);
  });
});

describe('a limit of the time that it may run', () => {
  const like = { code: 'ETIMEDOUT', message: expect.stringContaining('50 ms') };

  it.each([
    ['forever', wrongs('forever'), 0],
    ['in a promise', work('sleep'), { ms: 60_000 }],
  ])('passed, %s', async (_what, fn, input) => {
    expect(await between(shellOf(), fn, input, { timeLimitMs: 50 })).toMatchObject(like);
    expect(await between(shellOf({ parallel: [firstCpu] }), fn, input, { timeLimitMs: 50 })).toMatchObject(like);
  });

  it('starts when the job begins', async () => {
    const shell = shellOf({ parallel: [firstCpu] });
    await within(shell.run(id, 0), 'run');
    const slow = Array.from({ length: 10 }, (_, i) =>
      shell.run(work('sleep'), { ms: 100, value: i }, { timeLimitMs: 900 }),
    );
    expect(await within(Promise.all(slow), 'all')).toEqual(slow.map((_, i) => i)); // more than 900 ms together
  });

  it('not passed: nothing happens', async () => {
    const shell = shellOf({ parallel: [firstCpu] });
    const { threadId } = await within(shell.run(work('where'), 0, { timeLimitMs: 50 }), 'run').catch(() => ({
      threadId: -1,
    }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const next = await within(shell.run(work('where'), 0), 'run');
    if (threadId !== -1) expect(next).toMatchObject({ threadId });
  });

  it('of map and transform', async () => {
    const shell = shellOf();
    const seen: unknown[] = [];
    const source = [{ ms: 1, value: 1 }, { ms: 60_000 }, { ms: 1, value: 3 }];
    const loop = async () => {
      for await (const value of shell.map(source, work('sleep'), { timeLimitMs: 50 })) seen.push(value);
    };
    // Loading the module counts: let it be there.
    await within(shell.instance.broadcast(work('sleep'), { ms: 0 }), 'broadcast');
    expect(await rejection(within(loop(), 'map'))).toMatchObject(like);
    expect(seen).toEqual([1]);
    const stream = shell.transform(work('sleep'), { timeLimitMs: 50 });
    const error = new Promise((resolve) => stream.on('error', resolve));
    stream.write({ ms: 60_000 });
    expect(await within(error, 'transform')).toMatchObject(like);
  });
});

describe('the instance is closed', () => {
  it('jobs in flight are completed, new ones refused', async () => {
    const padata = new Padata('closing');
    const shell = padata.createShell();
    const runs = Array.from({ length: 200 }, (_, i) => shell.run(work('spin'), { us: 100, value: i }));
    const closed = padata.close();
    expect(await rejection(shell.run(id, 1))).toMatchObject({ code: 'EINVAL' });
    expect(await rejection(padata.broadcast(id, 1))).toMatchObject({ code: 'EINVAL' });
    expect(await within(Promise.all(runs), 'runs')).toEqual(runs.map((_, i) => i));
    await within(closed, 'close');
  });

  it('while isolates are starting', async () => {
    const padata = new Padata('closing');
    void padata.broadcast(id, 1).catch(() => {});
    await within(padata.close(), 'close');
  });

  it('without a usable CPU: jobs that nobody has begun are completed with ECANCELED', async () => {
    const padata = new Padata('closing');
    const shell = padata.createShell();
    await within(shell.run(id, 1), 'run');
    const gate = new Gate();
    const first = shell.run(work('gate'), gate.words);
    await gate.reached();
    const rest = Array.from({ length: 20 }, (_, i) => rejection(shell.run(id, i)));
    padata.setCpumask('parallel', []);
    const closed = padata.close();
    gate.open();
    expect(await within(first, 'first')).toBe('passed');
    const errors = await within(Promise.all(rest), 'rest');
    // Those that came before the mask was changed may have run on another CPU.
    expect(errors.at(-1)).toMatchObject({ code: 'ECANCELED' });
    await within(closed, 'close');
  });
});
