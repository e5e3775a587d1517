/** Bad input: each public argument of a wrong type or range gets an error that names it, before anything is queued. */
import { type Job, Padata, type Shell } from 'padata';
import { crc32, echo, noop, spin } from 'padata/functions';
import { aead } from 'padata/pcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkBytes,
  checkInteger,
  checkName,
  checkOptions,
  describe as inWords,
} from '../../dist/internal/validate.js';
import { wrong } from '../support/padata.js';

let padata: Padata;
let shell: Shell;
beforeAll(() => {
  padata = new Padata('bad input');
  shell = padata.createShell();
});
afterAll(() => padata.close());

const job = (members: object) => wrong({ parallel: noop, serial() {}, ...members });
const T = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const R = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
const fn = (n: number) => n;

/** The argument by the name that the message must have, the kind of error, and calls that must give it. */
const table: [argument: string, error: object, calls: Record<string, (value: never) => unknown>, values: unknown[]][] =
  [
    ['"name"', T, { Padata: (v) => new Padata(v) }, [undefined, null, 1, {}, Symbol('s')]],
    ['"name"', R, { Padata: (v) => new Padata(v) }, ['']],
    [
      '"options"',
      T,
      { Padata: (v) => new Padata('x', v), createShell: (v) => padata.createShell(v) },
      [null, 1, 'x', []],
    ],
    ['options.parallel', T, { Padata: (v) => new Padata('x', { parallel: v }) }, [1, true, {}, null]],
    ['options.serial', T, { Padata: (v) => new Padata('x', { serial: v }) }, [1, true, {}, null]],
    ['options.serial', R, { Padata: (v) => new Padata('x', { serial: v }) }, [[-1], [1.5], [65536], [Number.NaN]]],
    ['"type"', R, { setCpumask: (v) => padata.setCpumask(v, '0') }, [undefined, 'both', 1]],
    ['"mask"', T, { setCpumask: (v) => padata.setCpumask('parallel', v) }, [undefined, 3, {}, null]],
    ['mask', R, { setCpumask: (v) => padata.setCpumask('parallel', v) }, [[-1], [2 ** 31]]],
    ['options.maxPending', T, { createShell: (v) => padata.createShell({ maxPending: v }) }, ['1', null, 1n]],
    [
      'options.maxPending',
      R,
      { createShell: (v) => padata.createShell({ maxPending: v }) },
      [0, -1, 1.5, 2 ** 30 + 1, Number.NaN],
    ],
    [
      '"job"',
      T,
      { doParallel: (v) => shell.doParallel(v), doSerial: (v) => shell.doSerial(v) },
      [undefined, null, 1, 'x', fn],
    ],
    ['job.parallel', T, { doParallel: (v) => shell.doParallel(job({ parallel: v })) }, [undefined, null, 1, 'x', {}]],
    ['job.serial', T, { doParallel: (v) => shell.doParallel(job({ serial: v })) }, [undefined, null, 1, 'x', {}]],
    ['job.data', T, { noop: (v) => shell.doParallel(job({ data: v })) }, [1, null, Buffer.from('x')]],
    [
      'job.data',
      T,
      { echo: (v) => shell.doParallel(job({ parallel: echo, data: v })) },
      [undefined, 'x', new ArrayBuffer(1)],
    ],
    ['cbCpu', T, { doParallel: (v) => shell.doParallel(job({}), v) }, [null, '0', 0n, {}]],
    ['cbCpu', R, { doParallel: (v) => shell.doParallel(job({}), v) }, [-1, 0.5, 2 ** 31, Number.NaN, Infinity]],
    ['"source"', T, { map: (v) => shell.map(v, fn) }, [undefined, null, 1, {}, fn]],
    ['"fn"', T, { map: (v) => shell.map([1], v), transform: (v) => shell.transform(v) }, [undefined, null, 1, {}]],
    ['"options"', T, { map: (v) => shell.map([1], fn, v), transform: (v) => shell.transform(fn, v) }, [null, 1, []]],
    [
      'options.cbCpu',
      T,
      { map: (v) => shell.map([1], fn, { cbCpu: v }), transform: (v) => shell.transform(fn, { cbCpu: v }) },
      [null, '0'],
    ],
    [
      'options.cbCpu',
      R,
      { map: (v) => shell.map([1], fn, { cbCpu: v }), transform: (v) => shell.transform(fn, { cbCpu: v }) },
      [-1, 2 ** 31],
    ],
    [
      'options.maxPending',
      T,
      { map: (v) => shell.map([1], fn, { maxPending: v }), transform: (v) => shell.transform(fn, { maxPending: v }) },
      [null, '1'],
    ],
    [
      'options.maxPending',
      R,
      { map: (v) => shell.map([1], fn, { maxPending: v }), transform: (v) => shell.transform(fn, { maxPending: v }) },
      [0, 1.5],
    ],
    ['options.signal', T, { map: (v) => shell.map([1], fn, { signal: v }) }, [null, {}, 1]],
    ['nanoseconds', T, { spin: (v) => spin(v) }, [undefined, '1', 1n]],
    ['nanoseconds', R, { spin: (v) => spin(v) }, [-1, 0.5, Number.NaN, 1e15]],
    ['name', T, { aead: (v) => aead(v, Buffer.alloc(16)) }, [undefined, 1]],
    ['key', T, { aead: (v) => aead('gcm(aes)', v) }, [undefined, 'key', new ArrayBuffer(16)]],
  ];

describe('bad input to a call', () => {
  const cases = table.flatMap(([argument, error, calls, values]) =>
    Object.entries(calls).flatMap(([call, run]) => values.map((value) => ({ call, argument, value, error, run }))),
  );
  it.each(cases)('$call, $argument: $value', ({ argument, value, error, run }) => {
    let thrown: unknown = 'nothing was thrown';
    try {
      run(wrong(value));
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toMatchObject({ ...error, message: expect.stringContaining(argument) });
    expect(padata.stats()).toMatchObject({ pending: 0, shells: 1, state: 'running' });
  });
});

describe('bad input to run()', () => {
  it.each([
    ['"fn"', T, () => shell.run(wrong(undefined), 1)],
    ['"fn"', T, () => shell.run(wrong({}), 1)],
    ['"options"', T, () => shell.run(fn, 1, wrong(null))],
    ['options.cbCpu', T, () => shell.run(fn, 1, { cbCpu: wrong('0') })],
    ['options.cbCpu', R, () => shell.run(fn, 1, { cbCpu: -1 })],
    ['options.signal', T, () => shell.run(fn, 1, { signal: wrong({}) })],
    ['job.data', T, () => shell.run(crc32, wrong('text'))],
  ])('%s: a rejection, and nothing is queued', async (argument, error, run) => {
    await expect(run()).rejects.toMatchObject({ ...error, message: expect.stringContaining(argument) });
    expect(shell.pending).toBe(0);
  });

  it('a text that is no mask is EINVAL', () => {
    const einval = expect.objectContaining({
      name: 'PadataError',
      code: 'EINVAL',
      message: expect.stringContaining('"mask"'),
    });
    expect(() => new Padata('x', { serial: '0x' })).toThrow(/EINVAL: "options\.serial"/);
    expect(() => new Padata('x', { serial: '0xg' })).toThrow(/EINVAL: "options\.serial"/);
    expect(() => padata.setCpumask('parallel', 'zero')).toThrow(einval);
  });

  it('works afterwards', async () => expect(await shell.run(fn, 1)).toBe(1));
});

describe('the helpers', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [12, 'number 12'],
    ['text', "string 'text'"],
    [5n, 'bigint 5n'],
    [fn, 'function fn'],
    [() => {}, 'function (anonymous)'],
    [new Map(), 'an instance of Map'],
    [Object.create(null), 'an instance of Object'],
    ['x'.repeat(100), `string '${'x'.repeat(39)}…`],
  ])('describe(%o)', (value, words) => expect(inWords(value)).toBe(words));

  it('check at the very borders', () => {
    for (const value of [0, 5, 10]) expect(() => checkInteger('n', value, 0, 10)).not.toThrow();
    for (const value of [-1, 11, 0.1]) expect(() => checkInteger('n', value, 0, 10)).toThrow(/"n".*>= 0 and <= 10/);
    expect(() => checkName('n', 'a')).not.toThrow();
    expect(() => checkOptions('o', undefined)).not.toThrow();
    expect(() => checkOptions('o', {})).not.toThrow();
    expect(() => checkBytes('b', Buffer.alloc(0))).not.toThrow();
    expect(() => checkBytes('b', new Uint8ClampedArray(1))).toThrow(/"b"/);
  });
});

it('a job that was refused can be put right and submitted', async () => {
  const late: Job = { parallel: wrong(1), serial: () => {} };
  expect(() => shell.doParallel(late)).toThrow(/job\.parallel/);
  late.parallel = noop;
  shell.doParallel(late);
  await shell.drain();
});
