/** The checks of a multithreaded job, before anything runs. Each member is read once. */

import { PadataError } from '../errors.js';
import { ModuleFunction } from '../module/module-function.js';
import type { MultithreadedJob } from '../multithreaded.js';
import { NativeFunction } from '../native-function.js';
import { memoryOf } from './mt-memory.js';
import { type FunctionHandle, handleKey } from './native-function.js';
import { checkInteger, rangeError, typeError } from './validate.js';

const MOST = Number.MAX_SAFE_INTEGER;
const MOST_NODE = 2 ** 31 - 1;

/** What all jobs have that are right. */
export interface MtOptions {
  readonly size: number;
  /** start, size, align, minChunk, maxThreads */
  readonly request: Float64Array;
  readonly numaAware: boolean;
  /** start, end and node of each */
  readonly placement: Float64Array;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((unitsDone: number, size: number) => void) | undefined;
}

/** A job for the pinned threads. */
export interface CheckedJob extends MtOptions {
  readonly fn: FunctionHandle;
  readonly memory: Uint8Array[];
}

/** A job for the isolates. */
export interface CheckedModuleJob extends MtOptions {
  readonly module: ModuleFunction<never, unknown>;
  readonly arg: unknown;
}

/**
 * @param isSync the calling thread waits
 * @param usable how many CPUs there are in the usable parallel mask
 * @throws TypeError, RangeError, PadataError naming what is wrong
 */
export function checkMtJob(job: MultithreadedJob, isSync: boolean, usable: number): CheckedJob | CheckedModuleJob {
  if (typeof job !== 'object' || job === null) throw typeError('job', 'an object', job);
  const { threadFn, fnArg, start = 0, size, align = 1, minChunk = 1, maxThreads = Math.max(usable, 1) } = job;
  const { numaAware = false, memoryNodes = [], signal, onProgress } = job;
  const fn = threadFn instanceof ModuleFunction ? undefined : threadFunction(threadFn);
  checkInteger('job.start', start, 0, MOST);
  checkInteger('job.size', size, 0, MOST);
  if (size > MOST - start) throw rangeError('job.size', `at most 2^53 - 1 - start, which is ${MOST - start}`, size);
  checkInteger('job.align', align, 1, MOST);
  checkInteger('job.minChunk', minChunk, 1, MOST);
  checkInteger('job.maxThreads', maxThreads, 1, MOST);
  if (typeof numaAware !== 'boolean') throw typeError('job.numaAware', 'a boolean', numaAware);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw typeError('job.signal', 'an AbortSignal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw typeError('job.onProgress', 'a function', onProgress);
  }
  const options = {
    size,
    request: Float64Array.of(start, size, align, minChunk, maxThreads),
    numaAware,
    placement: placementOf(memoryNodes),
    signal,
    onProgress,
  };
  if (fn === undefined) return { ...options, module: checkAsync(threadFn, isSync), arg: fnArg };
  return { ...options, fn, memory: memoryOf(fn, fnArg, start, start + size, isSync && onProgress === undefined) };
}

function checkAsync(threadFn: unknown, isSync: boolean): ModuleFunction<never, unknown> {
  if (isSync)
    throw refused('module functions are loaded asynchronously, and the calling thread would wait: use doMultithreaded');
  return threadFn as ModuleFunction<never, unknown>;
}

function threadFunction(threadFn: unknown): FunctionHandle {
  if (!(threadFn instanceof NativeFunction))
    throw typeError('job.threadFn', 'a native function or a module function', threadFn);
  const fn = threadFn[handleKey];
  if (fn.isFreed) throw refused(`native function ${fn.name} was freed`);
  if (!fn.isRange) throw refused(`${fn.name} is parallel() or serial() of a job, not the thread function of a range`);
  return fn;
}

function refused(detail: string): PadataError {
  return new PadataError('EINVAL', 'padata_do_multithreaded', detail);
}

function placementOf(memoryNodes: unknown): Float64Array {
  if (!Array.isArray(memoryNodes)) throw typeError('job.memoryNodes', 'an array', memoryNodes);
  const numbers: number[] = [];
  let before = 0;
  for (const [index, each] of memoryNodes.entries()) {
    const name = `job.memoryNodes[${index}]`;
    if (typeof each !== 'object' || each === null) throw typeError(name, 'an object', each);
    const { start, end, node } = each;
    const member = (of: string) => `${name}.${of}`;
    checkInteger(member('start'), start, before, MOST - 1);
    checkInteger(member('end'), end, start + 1, MOST);
    checkInteger(member('node'), node, 0, MOST_NODE);
    numbers.push(start, end, node);
    before = end;
  }
  return Float64Array.from(numbers);
}
