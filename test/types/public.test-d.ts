/** The public types: what compiles, what comes out, and what must not compile. Checked by tsc, never run. */
import type { Transform } from 'node:stream';
import {
  CpuMask,
  type CpuMaskLike,
  cpus,
  type Job,
  type MultithreadedJob,
  type NativeFunction,
  nativeFunction,
  Padata,
  PadataError,
  type ParallelFunction,
  type Shell,
} from 'padata';
import { crc32, echo, type HistogramArg, histogram, noop, spin, sum } from 'padata/functions';
import { type Aead, type AeadRequest, aead } from 'padata/pcrypt';
import { describe, expectTypeOf, test } from 'vitest';

declare const instance: Padata;
declare const shell: Shell;
declare const bytes: Uint8Array;

describe('CpuMask', () => {
  test('takes lists, bitmaps, numbers and other masks', () => {
    expectTypeOf(CpuMask.from).parameter(0).toEqualTypeOf<CpuMaskLike>();
    expectTypeOf<string | bigint | number[] | Set<number> | CpuMask>().toExtend<CpuMaskLike>();
    // @ts-expect-error a number alone could be a CPU or a bitmap
    CpuMask.from(3);
    // @ts-expect-error masks are made by parse, parseList, from and of
    new CpuMask();
  });

  test('is a set of numbers, and cannot be changed', () => {
    expectTypeOf<CpuMask>().toExtend<Iterable<number>>();
    expectTypeOf(CpuMask.of(0, 1).first()).toEqualTypeOf<number | undefined>();
    // @ts-expect-error readonly
    CpuMask.of(0).weight = 2;
    expectTypeOf(cpus.online()).toEqualTypeOf<CpuMask>();
  });
});

describe('multithreaded jobs', () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(10));
  const counts = new BigUint64Array(new SharedArrayBuffer(2048));

  test('take the fnArg of their thread function', () => {
    expectTypeOf(instance.doMultithreaded({ threadFn: histogram, fnArg: { bytes, counts }, size: 10 })).toEqualTypeOf<
      Promise<void>
    >();
    expectTypeOf(instance.doMultithreadedSync<HistogramArg>).returns.toEqualTypeOf<void>();
    // @ts-expect-error the counts are missing
    instance.doMultithreaded({ threadFn: histogram, fnArg: { bytes }, size: 10 });
    // @ts-expect-error a size there must be
    instance.doMultithreaded({ threadFn: histogram, fnArg: { bytes, counts } });
    // @ts-expect-error a thread function there must be
    instance.doMultithreaded({ fnArg: { bytes, counts }, size: 10 });
    const any: MultithreadedJob = { threadFn: sum, fnArg: undefined, size: 3, numaAware: true, memoryNodes: [] };
    instance.doMultithreadedSync({ ...any, onProgress: (done, size) => expectTypeOf(done).toEqualTypeOf(size) });
  });
});

describe('Padata', () => {
  test('has masks and a state', () => {
    expectTypeOf(instance.state).toEqualTypeOf<'running' | 'stopped' | 'invalid'>();
    expectTypeOf(instance.cpumask.parallel).toEqualTypeOf<CpuMask>();
    expectTypeOf(instance.usable.serial).toEqualTypeOf<CpuMask>();
    expectTypeOf(instance.setCpumask).parameters.toEqualTypeOf<['parallel' | 'serial', CpuMaskLike]>();
    // @ts-expect-error setCpumask is the way
    instance.cpumask.parallel = CpuMask.of(0);
    // @ts-expect-error there are two masks
    instance.setCpumask('both', '0-1');
    // @ts-expect-error an instance has a name
    new Padata();
    // @ts-expect-error a directory, true or false
    new Padata('x', { control: 1 });
    expectTypeOf(new Padata('x', { control: '/run/x' }).controlDirectory).toEqualTypeOf<string | undefined>();
    instance.on('error', (error) => expectTypeOf(error).toEqualTypeOf<Error>());
  });

  test('is closed with await', () => {
    expectTypeOf(instance.close()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(instance).toExtend<AsyncDisposable>();
    expectTypeOf(instance.free()).toEqualTypeOf<void>();
  });
});

describe('Shell', () => {
  test('run, map and transform know input and output of a native function', () => {
    expectTypeOf(shell.run(echo, bytes)).toEqualTypeOf<Promise<Uint8Array>>();
    expectTypeOf(shell.run(crc32, bytes)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(shell.run(noop, undefined)).toEqualTypeOf<Promise<undefined>>();
    expectTypeOf(shell.map([bytes], crc32)).toExtend<AsyncIterableIterator<number>>();
    expectTypeOf(shell.transform(echo)).toExtend<Transform>();
    // @ts-expect-error echo takes bytes
    shell.run(echo, 'text');
    // @ts-expect-error and so does each item of map
    shell.map(['text'], crc32);
    // @ts-expect-error spin is made with its time
    shell.run(spin, undefined);
  });

  test('takes any object with parallel and serial as a job', () => {
    class Packet {
      length = 0;
      parallel(job: Packet): void {
        shell.doSerial(job);
      }
      serial(job: Packet): void {
        this.length += job.length;
      }
    }
    expectTypeOf<Packet>().toExtend<Job>();
    expectTypeOf(shell.doParallel(new Packet(), 1)).toEqualTypeOf<number>();
    shell.doParallel({ parallel: crc32, serial: (job: Job) => void job.result, data: bytes });
    // @ts-expect-error a job has a serial function
    shell.doParallel({ parallel: crc32 });
    // @ts-expect-error cbCpu is a number
    shell.doParallel(new Packet(), '1');
  });
});

describe('functions of others', () => {
  test('nativeFunction gives what run takes', () => {
    const sum = nativeFunction<Uint8Array, number>({});
    expectTypeOf(sum).toEqualTypeOf<NativeFunction<Uint8Array, number>>();
    expectTypeOf(sum).toExtend<ParallelFunction<Uint8Array, number>>();
    expectTypeOf(shell.run(sum, bytes)).toEqualTypeOf<Promise<number>>();
  });

  test('an AEAD takes requests and gives bytes', () => {
    expectTypeOf(aead('gcm(aes)', bytes)).toEqualTypeOf<Aead>();
    expectTypeOf<Aead['encrypt']>().toEqualTypeOf<NativeFunction<AeadRequest, Uint8Array>>();
    // @ts-expect-error an iv is needed
    shell.run(aead('gcm(aes)', bytes).encrypt, { data: bytes });
  });
});

describe('PadataError', () => {
  test('has the shape of a system error', () => {
    const error = new PadataError('EBUSY', 'padata_free');
    expectTypeOf(error).toExtend<Error>();
    expectTypeOf(error.errno).toEqualTypeOf<number>();
    expectTypeOf<'EBUSY' | 'EINVAL' | 'EBADMSG'>().toExtend<(typeof error)['code']>();
    // @ts-expect-error no errno has this name
    new PadataError('ENONSENSE', 'padata_free');
  });
});
