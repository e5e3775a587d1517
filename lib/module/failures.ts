/** Errors of jobs that no function has thrown. */
import { PadataError } from '../errors.js';
import type { Isolate } from './isolate.js';

export function ownerDead(isolate: Isolate, exitCode: number, cause: Error | undefined): PadataError {
  const how = cause === undefined ? `ended with code ${exitCode}` : `died of ${cause.message}`;
  const error = new PadataError(
    'EOWNERDEAD',
    'module function',
    `the isolate on CPU ${isolate.cpu} ${how} while it ran this job`,
  );
  error.cause = cause;
  return error;
}

/** @param cause of the last attempt */
export function noIsolate(syscall: string, cause: Error | undefined): PadataError {
  const error = new PadataError('EAGAIN', syscall, 'no isolate could be started');
  error.cause = cause;
  return error;
}
