/** What a module function is given that is the serial() of a job. */
import { PadataError } from '../errors.js';
import { decodeError } from './errors.js';
import type { JobContext } from './running.js';
import { decode, FAILURE } from './values.js';

/** parallel() was a native function, and ended with an errno, which is the number. See kStatusInput in core/job.h. */
const STATUS = 15;

/** What parallel() came to. */
export interface SerialInput<O = unknown> {
  /** Undefined if parallel() failed. */
  result: O | undefined;
  /** Why parallel() failed, or else undefined. */
  error: Error | undefined;
  /** The job's position in the order of its shell, from 0 on. */
  seqNr: number;
  /** The job's cb_cpu. Calls for one cb_cpu come one after the other, in the order of submission. */
  cbCpu: number;
}

export function inputOfSerial(type: number, number: number, bytes: Uint8Array, context: JobContext): SerialInput {
  if (type === STATUS) return failed(PadataError.fromErrno(number, 'parallel'), context);
  if (type === FAILURE) return failed(decodeError(bytes), context);
  return resultForSerial(decode(type, number, bytes), context);
}

export function resultForSerial(result: unknown, { seqNr, cbCpu }: JobContext): SerialInput {
  return { result, error: undefined, seqNr, cbCpu };
}

function failed(error: Error, { seqNr, cbCpu }: JobContext): SerialInput {
  return { result: undefined, error, seqNr, cbCpu };
}
