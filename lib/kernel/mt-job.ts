/** `padata_do_multithreaded` of `padata/kernel`. */
import { typeError } from '../internal/validate.js';
import type { NativeFunction } from '../native-function.js';
import { Padata } from '../padata.js';
import { statusOf } from './refusal.js';

/**
 * A multithreaded job, by the kernel's names: a range of units that is split into chunks, each done by one call of the thread function. (2020,
 * Running Multithreaded Jobs) Rules and ranges are those of {@link "index".MultithreadedJob}.
 */
// biome-ignore lint/suspicious/noExplicitAny: without a type argument, a job with any thread function
export interface padata_mt_job<A = any> {
  /** Called for each chunk with start, end and `fn_arg`: a native function of `PADATA_KIND_RANGE`, for example `histogram` of `padata/functions`. */
  thread_fn: NativeFunction<A>;
  /** The job's shared state, if any: what the thread function takes. Memory that is not shared will do, for the caller waits. */
  fn_arg?: A;
  /** The first unit: 0 to 2^53 - 1. Default 0. */
  start?: number;
  /** How many units: 0 to 2^53 - 1. With 0 nothing is called. */
  size: number;
  /** Chunks end at multiples of it, but for the last one. Default, also for 0: 1. */
  align?: number;
  /** The least number of units that is worth a call. Default, also for 0: 1. */
  min_chunk?: number;
  /** How many threads may work on it, the calling one included: 1 to 2^53 - 1. Default: as many as there are CPUs that this process may use. */
  max_threads?: number;
  /** Whether threads are spread over the NUMA nodes. Default false. */
  numa_aware?: boolean;
}

/** In the kernel such a job belongs to no instance; here the helpers' CPUs are those of this one: all that there are. */
let instance: Padata | undefined;

/**
 * Runs a multithreaded job, and returns when it is finished. The calling thread takes part, then waits for the helpers; the event loop
 * stands still meanwhile. (2020, Running Multithreaded Jobs)
 *
 * @returns 0; a negative errno that the thread function ended with for some chunk, the first one that came: then not all of the range is done;
 *          -EINVAL: a member of the job is wrong, and nothing was called; -EAGAIN: no thread could be started. (void in the kernel)
 */
export function padata_do_multithreaded<A>(job: padata_mt_job<A>): number {
  return statusOf(() => {
    if (typeof job !== 'object' || job === null) throw typeError('job', 'an object', job);
    const { thread_fn, fn_arg, start, size, align, min_chunk, max_threads, numa_aware } = job;
    instance ??= new Padata('padata_do_multithreaded');
    instance.doMultithreadedSync({
      threadFn: thread_fn,
      fnArg: fn_arg,
      start,
      size,
      align: align === 0 ? 1 : align, // a structure that was zeroed has 0 there
      minChunk: min_chunk === 0 ? 1 : min_chunk,
      maxThreads: max_threads,
      numaAware: numa_aware,
    });
  });
}
