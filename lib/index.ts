/**
 * The Linux kernel's padata for Node: jobs run in parallel on pinned CPUs and come back in the order of submission.
 *
 * @packageDocumentation
 */
export { allocate } from './allocate.js';
export { CpuMask, type CpuMaskLike } from './cpumask.js';
export { type Cpus, cpus } from './cpus.js';
export { type ErrnoName, PadataError } from './errors.js';
export type { RunFunction } from './internal/run-job.js';
export type { Job, ParallelFunction } from './job.js';
export type { IsolateOptions, IsolateStats } from './module/isolate.js';
export {
  type ModuleContext,
  ModuleFunction,
  type ModuleFunctionSignature,
  moduleFunction,
} from './module/module-function.js';
export type { ModuleJobOptions } from './module/module-job.js';
export type { SerialInput } from './module/serial-input.js';
export type { MemoryNode, MtMemory, MultithreadedJob } from './multithreaded.js';
export { NativeFunction, nativeFunction } from './native-function.js';
export {
  type Cpumasks,
  type CpuStats,
  type InstanceStats,
  Padata,
  type PadataEvents,
  type PadataOptions,
} from './padata.js';
export { type JobTransformOptions, type MapOptions, type RunOptions, Shell, type ShellOptions } from './shell.js';
