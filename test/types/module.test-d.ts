/** The public types of module functions. Checked by tsc, never run. */
import type { Histogram } from 'node:perf_hooks';
import type { Transform } from 'node:stream';
import {
  type IsolateStats,
  type Job,
  type ModuleContext,
  ModuleFunction,
  type ModuleFunctionSignature,
  moduleFunction,
  Padata,
  type ParallelFunction,
  type SerialInput,
  type Shell,
} from 'padata';
import { noop } from 'padata/functions';
import { move, type Transferred } from 'padata/module';
import { describe, expectTypeOf, test } from 'vitest';

declare const instance: Padata;
declare const shell: Shell;
declare const bytes: Uint8Array;
const hash = moduleFunction<Uint8Array, string>('/hash.mjs');

describe('moduleFunction()', () => {
  test('gives what run, map, transform, broadcast and jobs take', () => {
    expectTypeOf(hash).toEqualTypeOf<ModuleFunction<Uint8Array, string>>();
    expectTypeOf(hash).toExtend<ParallelFunction<Uint8Array, string>>();
    expectTypeOf(shell.run(hash, bytes)).toEqualTypeOf<Promise<string>>();
    expectTypeOf(shell.map([bytes], hash)).toExtend<AsyncIterableIterator<string>>();
    expectTypeOf(shell.transform(hash)).toExtend<Transform>();
    expectTypeOf(instance.broadcast(hash, bytes)).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf<{ parallel: typeof hash; serial: typeof hash; data: Uint8Array }>().toExtend<Job>();
    // @ts-expect-error it takes bytes
    shell.run(hash, 'text');
    // @ts-expect-error and so does each item of map
    shell.map(['text'], hash);
    // @ts-expect-error and broadcast
    instance.broadcast(hash, 'text');
    // @ts-expect-error instances come from moduleFunction()
    new ModuleFunction('/hash.mjs');
    // @ts-expect-error a closure is no module function
    instance.broadcast((input: number) => input, 1);
    moduleFunction(new URL('file:///hash.mjs'), 'name');
    // @ts-expect-error nothing else says where a module is
    moduleFunction({ href: 'file:///hash.mjs' });
  });

  test('options of jobs', () => {
    const { signal } = new AbortController();
    shell.run(hash, bytes, { signal, hard: true, timeLimitMs: 5, transfer: [bytes.buffer as ArrayBuffer], cbCpu: 1 });
    shell.map([bytes], hash, { timeLimitMs: 5, signal, maxPending: 2 });
    shell.transform(hash, { timeLimitMs: 5 });
    shell.doParallel({ parallel: hash, data: bytes, serial: hash, moduleOptions: { signal, hard: true } });
    // @ts-expect-error one list for many inputs is none
    shell.map([bytes], hash, { transfer: [] });
    // @ts-expect-error a number of milliseconds
    shell.run(hash, bytes, { timeLimitMs: '5' });
    shell.doParallel({ parallel: noop, serial: hash });
  });
});

describe('what modules export', () => {
  test('functions of all kinds have the signature', () => {
    type List = ModuleFunctionSignature<number, number[]>;
    expectTypeOf((n: number) => [n]).toExtend<List>();
    expectTypeOf(async (n: number) => [n]).toExtend<List>();
    expectTypeOf(function* (n: number) {
      yield n;
    }).toExtend<List>();
    expectTypeOf((n: number) => move([n], [])).toExtend<List>();
    // @ts-expect-error its result is another
    const other: List = (n: number) => String(n);
    void other;
    expectTypeOf(move('x', [])).toEqualTypeOf<Transferred<string>>();
  });

  test('the context', () => {
    const fn: ModuleFunctionSignature<string, number, { table: number[] }> = (text, context) => {
      expectTypeOf(text).toEqualTypeOf<string>();
      expectTypeOf(context).toEqualTypeOf<ModuleContext<{ table: number[] }>>();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf([context.cpu, context.cbCpu, context.seqNr]).toEqualTypeOf<number[]>();
      return context.state.table.length;
    };
    void fn;
  });

  test('a serial() is told what parallel() came to', () => {
    expectTypeOf<SerialInput<string>>().toEqualTypeOf<{
      result: string | undefined;
      error: Error | undefined;
      seqNr: number;
      cbCpu: number;
    }>();
  });
});

describe('an instance', () => {
  test('has options and figures of isolates', () => {
    const isolates = { resourceLimits: { stackSizeMb: 4 }, env: {}, argv: [1], execArgv: [''], workerData: 1 };
    new Padata('x', { isolates: { ...isolates, idleMs: 5, jobsPerIsolate: 2 } });
    // @ts-expect-error a number
    new Padata('x', { isolates: { idleMs: '5' } });
    expectTypeOf(instance.stats().isolates).toEqualTypeOf<IsolateStats[]>();
    expectTypeOf<IsolateStats['waiting']>().toEqualTypeOf<Histogram>();
  });

  test('shells tell of room', () => {
    expectTypeOf(shell.isFull).toEqualTypeOf<boolean>();
    expectTypeOf(shell.room()).toEqualTypeOf<Promise<void>>();
  });
});
