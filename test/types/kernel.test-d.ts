/** The types of the kernel's APIs: what compiles, what comes out, and what must not compile. Checked by tsc, never run. */
import type { CpuMaskLike, Job, Padata, Shell } from 'padata';
import { crc32, histogram, noop } from 'padata/functions';
import * as kernel from 'padata/kernel';
import * as first from 'padata/kernel/2.6.34';
import { describe, expectTypeOf, test } from 'vitest';

declare const pinst: kernel.padata_instance;
declare const ps: kernel.padata_shell;
declare const old: first.padata_instance;
declare const wq: first.workqueue_struct;

describe('padata/kernel', () => {
  test('instances, shells and jobs are those of the classes', () => {
    expectTypeOf<kernel.padata_instance>().toEqualTypeOf<Padata>();
    expectTypeOf<kernel.padata_shell>().toEqualTypeOf<Shell>();
    expectTypeOf<kernel.padata_priv>().toEqualTypeOf<Job>();
  });

  test('what is allocated may be null', () => {
    expectTypeOf(kernel.padata_alloc('name')).toEqualTypeOf<Padata | null>();
    expectTypeOf(kernel.padata_alloc_shell(pinst)).toEqualTypeOf<Shell | null>();
    // @ts-expect-error null has to be looked at first
    kernel.padata_alloc_shell(kernel.padata_alloc('name'));
    // @ts-expect-error an instance has a name
    kernel.padata_alloc();
  });

  test('everything else returns a number', () => {
    expectTypeOf(kernel.padata_set_cpumask).toEqualTypeOf<
      (pinst: Padata, cpumask_type: number, cpumask: CpuMaskLike) => number
    >();
    expectTypeOf(kernel.padata_do_parallel).toEqualTypeOf<
      (ps: Shell, padata: Job, cb_cpu: { value: number }) => number
    >();
    expectTypeOf(kernel.padata_do_serial).toEqualTypeOf<(padata: Job) => number>();
    expectTypeOf(kernel.padata_free_shell).toEqualTypeOf<(ps: Shell | null) => number>();
    for (const call of [kernel.padata_free, kernel.padata_start, kernel.padata_stop]) {
      expectTypeOf(call).toEqualTypeOf<(pinst: Padata) => number>();
    }
    expectTypeOf(-kernel.EBUSY).toEqualTypeOf<number>();
  });

  test('a multithreaded job has the kernel’s members', () => {
    const fn_arg = { bytes: new Uint8Array(8), counts: new BigUint64Array(256) };
    const job = { thread_fn: histogram, fn_arg, start: 0, size: 8, align: 1, min_chunk: 1, max_threads: 2 };
    expectTypeOf(kernel.padata_do_multithreaded({ ...job, numa_aware: false })).toEqualTypeOf<number>();
    expectTypeOf<typeof job>().toExtend<kernel.padata_mt_job>();
    // @ts-expect-error the members of the class are called otherwise
    kernel.padata_do_multithreaded({ threadFn: histogram, fnArg: fn_arg, size: 8 });
    // @ts-expect-error the shared state is what the thread function takes
    kernel.padata_do_multithreaded({ ...job, fn_arg: { bytes: 'text' } });
  });

  test('cb_cpu is a box, and a job has both functions', () => {
    const job = { parallel: noop, serial() {} };
    // @ts-expect-error a number cannot be updated
    kernel.padata_do_parallel(ps, job, 0);
    // @ts-expect-error parallel alone is no job
    kernel.padata_do_parallel(ps, { parallel: noop }, { value: 0 });
    kernel.padata_do_parallel(ps, { ...job, parallel: crc32 }, { value: 0 });
    // @ts-expect-error the type of the mask is one of the constants
    kernel.padata_set_cpumask(pinst, 'parallel', '0');
  });
});

describe('padata/kernel/2.6.34', () => {
  test('an instance is allocated with a mask and a workqueue', () => {
    expectTypeOf(first.alloc_workqueue('name')).toEqualTypeOf<first.Workqueue | null>();
    expectTypeOf(first.padata_alloc('0-3', wq)).toEqualTypeOf<first.padata_instance | null>();
    // @ts-expect-error a name is the API of 2020
    first.padata_alloc('name');
    // @ts-expect-error the instances of the two APIs are not the same
    first.padata_start(pinst);
    // @ts-expect-error nor the other way round
    kernel.padata_start(old);
  });

  test('cb_cpu is a number', () => {
    expectTypeOf(first.padata_do_parallel).toEqualTypeOf<
      (pinst: first.padata_instance, padata: Job, cb_cpu: number) => number
    >();
    // @ts-expect-error the box is the API of 2020
    first.padata_do_parallel(old, { parallel: noop, serial() {} }, { value: 0 });
  });

  test('masks are set, added to and taken from', () => {
    expectTypeOf(first.padata_set_cpumask).parameters.toEqualTypeOf<[first.padata_instance, CpuMaskLike]>();
    expectTypeOf(first.padata_add_cpu).toEqualTypeOf<(pinst: first.padata_instance, cpu: number) => number>();
    expectTypeOf(first.padata_remove_cpu).toEqualTypeOf<(pinst: first.padata_instance, cpu: number) => number>();
    expectTypeOf(first.padata_free(old)).toEqualTypeOf<void>();
    // @ts-expect-error there is one mask, and no type
    first.padata_set_cpumask(old, 1, '0-3');
  });
});
