/** Checks of the options that module functions, and the isolates they run in, have. */
import { checkInteger, checkOptions, typeError } from '../internal/validate.js';
import type { IsolateOptions } from './isolate.js';
import type { ModuleJobOptions } from './module-job.js';

const MOST_MS = 2 ** 31 - 1;
const MOST_JOBS = 64;

/** @throws TypeError, RangeError a member is wrong */
export function checkModuleOptions(name: string, options: ModuleJobOptions): void {
  checkOptions(name, options);
  const { transfer, signal, hard, timeLimitMs } = options;
  checkList(`${name}.transfer`, transfer);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw typeError(`${name}.signal`, 'an AbortSignal', signal);
  }
  if (hard !== undefined && typeof hard !== 'boolean') throw typeError(`${name}.hard`, 'true or false', hard);
  if (timeLimitMs !== undefined) checkInteger(`${name}.timeLimitMs`, timeLimitMs, 1, MOST_MS);
}

/** @throws TypeError there are options that only module functions have */
export function checkNoModuleOptions(name: string, options: ModuleJobOptions): void {
  for (const key of ['transfer', 'hard', 'timeLimitMs'] as const) {
    if (options[key] === undefined) continue;
    throw typeError(`${name}.${key}`, 'undefined: only module functions have it', options[key]);
  }
}

/** Those of a job, or undefined if there are none. */
export function relevantOptions(options: ModuleJobOptions | undefined): ModuleJobOptions | undefined {
  if (options === undefined) return undefined;
  const { transfer, signal, hard, timeLimitMs } = options;
  if (transfer === undefined && signal === undefined && timeLimitMs === undefined) return undefined;
  return {
    ...(transfer !== undefined && { transfer }),
    ...(signal !== undefined && { signal }),
    ...(hard !== undefined && { hard }),
    ...(timeLimitMs !== undefined && { timeLimitMs }),
  };
}

/** @throws TypeError, RangeError a member is wrong */
export function checkIsolateOptions(name: string, options: IsolateOptions | undefined): void {
  checkOptions(name, options);
  if (options === undefined) return;
  const { resourceLimits, env, argv, execArgv, idleMs, jobsPerIsolate } = options;
  checkOptions(`${name}.resourceLimits`, resourceLimits);
  if (typeof env !== 'symbol') checkOptions(`${name}.env`, env);
  checkList(`${name}.argv`, argv);
  checkList(`${name}.execArgv`, execArgv);
  if (idleMs !== undefined) checkInteger(`${name}.idleMs`, idleMs, 1, MOST_MS);
  if (jobsPerIsolate !== undefined) checkInteger(`${name}.jobsPerIsolate`, jobsPerIsolate, 1, MOST_JOBS);
}

function checkList(name: string, list: readonly unknown[] | undefined): void {
  if (list !== undefined && !Array.isArray(list)) throw typeError(name, 'an array', list);
}
