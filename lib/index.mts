/**
 * The Linux kernel's padata for Node: jobs run in parallel on pinned CPUs and come back in the order of submission.
 *
 * @packageDocumentation
 */
export {
  CpuMask,
  type CpuMaskLike,
  type Cpumasks,
  type CpuStats,
  type Cpus,
  cpus,
  type ErrnoName,
  type InstanceStats,
  type IsolateOptions,
  type IsolateStats,
  type Job,
  type JobTransformOptions,
  type MapOptions,
  type ModuleContext,
  ModuleFunction,
  type ModuleFunctionSignature,
  type ModuleJobOptions,
  moduleFunction,
  NativeFunction,
  nativeFunction,
  Padata,
  PadataError,
  type PadataEvents,
  type PadataOptions,
  type ParallelFunction,
  type RunFunction,
  type RunOptions,
  type SerialInput,
  Shell,
  type ShellOptions,
} from './index.js';
