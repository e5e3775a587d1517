/** What a closure as parallel() has left in `result` and `error`, for a serial() that is none. */
import { constants } from 'node:os';
import { PadataError } from '../errors.js';
import type { Job } from '../job.js';
import { ModuleInput } from '../module/input.js';
import { encodeInput, writeInput } from './input.js';
import { Entry, ResultType } from './layout.js';
import { type FunctionHandle, Reference, type SerialHandle } from './native-function.js';
import type { Segment } from './segment.js';

const moduleInput = new ModuleInput();

/** @throws DataCloneError, TypeError the result cannot be given to a module function; PadataError ENOMEM */
export function writeResult(job: Job, serial: SerialHandle, segment: Segment, index: number): void {
  if (serial.pool === undefined) writeForNative(job, serial as FunctionHandle, segment, index);
  else moduleInput.writeResult(job, segment, index);
}

/** A native function sees the errno, a number or bytes. */
function writeForNative(job: Job, serial: FunctionHandle, segment: Segment, index: number): void {
  const base = index << 4;
  const { words } = segment;
  if (job.error !== undefined) {
    words[base + Entry.STATUS] = job.error instanceof PadataError ? job.error.errno : -constants.errno.EIO;
  } else if (typeof job.result === 'number') {
    words[base + Entry.RESULT_TYPE] = ResultType.NUMBER;
    segment.doubles[(index << 3) + Entry.RESULT_NUMBER_F64] = job.result;
  } else if (job.result instanceof Uint8Array) {
    encodeInput(serial.codec, job.result);
    writeInput(serial, Reference.NONE, segment, index);
    words[base + Entry.RESULT_TYPE] = ResultType.BYTES;
    words[base + Entry.RESULT_OFFSET] = 0;
    words[base + Entry.RESULT_SIZE] = words[base + Entry.SIZE] as number;
  }
}
