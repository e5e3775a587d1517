/** What a job came to whose parallel() is a module function, on the event loop that submitted it. */
import { constants } from 'node:os';
import { PadataError } from '../errors.js';
import { environment } from '../internal/environment.js';
import { Entry } from '../internal/layout.js';
import { throwSoon } from '../internal/outcome.js';
import type { Segment } from '../internal/segment.js';
import { decodeError } from './errors.js';
import { noIsolate } from './failures.js';
import type { IsolatePool } from './isolate-pool.js';
import type { ModuleJob } from './module-job.js';
import { BYTES, CONSTANT, decode, FAILURE, MESSAGE, NONE, NUMBER } from './values.js';

/** A bit of the type: the bytes have memory of their own. See kOwnMemory in core/job.h. */
const OWN_MEMORY = 16;

/** Sets `result` and `error` of the job. A job that does not let us still has its turn. */
export function readModuleOutcome(record: ModuleJob, segment: Segment, index: number, pool: IsolatePool): void {
  const base = index << 4;
  const status = segment.words[base + Entry.STATUS] as number;
  const type = (segment.words[base + Entry.RESULT_TYPE] as number) & ~OWN_MEMORY;
  const { job } = record;
  try {
    const bytes = takeBytes(record, segment, index, type, pool);
    if (status === 0) {
      if (job.error !== undefined) job.error = undefined;
      job.result = resultOf(record, segment, index, type, bytes, pool);
    } else {
      if (type === MESSAGE) pool.takeResult(record); // it was aborted a moment later
      job.result = undefined;
      job.error = errorOf(record, status, type, bytes, pool);
    }
  } catch (error) {
    throwSoon(error);
  }
}

function resultOf(
  record: ModuleJob,
  segment: Segment,
  index: number,
  type: number,
  bytes: Uint8Array | undefined,
  pool: IsolatePool,
): unknown {
  if (type === MESSAGE) return pool.takeResult(record);
  return decode(type, segment.doubles[(index << 3) + Entry.RESULT_NUMBER_F64] as number, bytes);
}

function errorOf(
  record: ModuleJob,
  status: number,
  type: number,
  bytes: Uint8Array | undefined,
  pool: IsolatePool,
): Error {
  if (record.fate !== undefined && status === -constants.errno.ECANCELED) return record.fate;
  if (type === FAILURE && bytes !== undefined) return decodeError(bytes, framesOf(record));
  if (status === -constants.errno.EAGAIN) return noIsolate(record.fn.name, pool.failure);
  return PadataError.fromErrno(status, record.fn.name);
}

/** The frames of whoever submitted the job. */
function framesOf({ caller }: ModuleJob): string | undefined {
  return caller?.stack.slice(caller.stack.indexOf('\n') + 1);
}

/** The bytes of the result; those of BYTES are the receiver's to keep. */
function takeBytes(
  record: ModuleJob,
  segment: Segment,
  index: number,
  type: number,
  pool: IsolatePool,
): Uint8Array | undefined {
  const base = index << 4;
  const { words } = segment;
  if (((words[base + Entry.RESULT_TYPE] as number) & OWN_MEMORY) !== 0) {
    const [low, high] = [words[base + Entry.PART_SIZE + 1] as number, words[base + Entry.PART_SIZE + 2] as number];
    const buffer = environment.bridge.takeResult((low >>> 0) + (high >>> 0) * 2 ** 32);
    pool.makeRoom(record.fn, words[base + Entry.RESULT_SIZE] as number);
    return buffer === undefined ? undefined : new Uint8Array(buffer);
  }
  if (type === NONE || type === NUMBER || type === CONSTANT || type === MESSAGE) return undefined; // a number lies where the size would
  const slab = segment.slabs[index];
  const size = words[base + Entry.RESULT_SIZE] as number;
  if (slab === undefined || size === 0) return new Uint8Array(0);
  const offset =
    (((words[base + Entry.BYTES] as number) - slab.low) >>> 0) + (words[base + Entry.RESULT_OFFSET] as number);
  return type === BYTES ? environment.slabs.view(slab, offset, size) : environment.slabs.peek(slab, offset, size);
}
