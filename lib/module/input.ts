/** Values that go to isolates, as the entries of jobs carry them. */
import { constants } from 'node:os';
import { environment } from '../internal/environment.js';
import { encodeInput, writeInput } from '../internal/input.js';
import { Entry } from '../internal/layout.js';
import { type InputParts, Reference } from '../internal/native-function.js';
import type { Segment } from '../internal/segment.js';
import { typeError } from '../internal/validate.js';
import type { Job } from '../job.js';
import { fromPerformance, now } from './clock.js';
import { encodeError } from './errors.js';
import type { ModuleFunction } from './module-function.js';
import { CONSTANT, type Encoded, encode, FAILURE, type Message, NONE, NUMBER } from './values.js';

/** Values are encoded already; what is left is to copy their bytes. */
const codec = {
  encode(bytes: unknown, parts: InputParts): void {
    parts.first = bytes as Uint8Array | undefined;
  },
};
const room = { headroom: 0, tailroom: 0 };

/** The input of one job. Reused: only valid until the next call of take(). */
export class ModuleInput {
  #bytes: Uint8Array | undefined;
  #room = 0;
  #type = NONE;
  #number = 0;
  /** What has to go by message. */
  message: Message | undefined;

  /**
   * @param room how many bytes longer the result may be and still lie where the input is
   * @throws DataCloneError, or what a getter of the value throws
   */
  take(value: unknown, transfer: Parameters<typeof encode>[1], room: number): void {
    const { type, number, bytes, message } = encode(value, transfer);
    this.#type = type;
    this.#number = number;
    this.message = message;
    this.#bytes = bytes;
    this.#room = room;
  }

  /**
   * Writes the entry of a job whose parallel() is a module function, but for what all jobs have in common. If it throws, nothing has happened.
   *
   * @throws PadataError ENOMEM; RangeError too much
   */
  write(segment: Segment, index: number, fn: ModuleFunction<never, unknown>): void {
    const { words, doubles } = segment;
    const base = index << 4;
    this.#copy(this.#bytes, this.#room, segment, index);
    words[base + Entry.PART_SIZE] = (words[base + Entry.SIZE] as number) + this.#room;
    words[base + Entry.PARALLEL] = (fn.id << 1) | 1;
    words[base + Entry.PARALLEL + 1] = 0;
    words[base + Entry.STATUS] = 0;
    words[base + Entry.RESULT_TYPE] = this.#type;
    doubles[(index << 3) + Entry.SUBMITTED_F64] = environment.isDraining
      ? fromPerformance(environment.groupTime)
      : now();
    doubles[(index << 3) + Entry.RESULT_NUMBER_F64] = this.#number;
  }

  /** Writes what a closure has left in `result` and `error`, for a serial() that is a module function. */
  writeResult(job: Job, segment: Segment, index: number): void {
    const { words } = segment;
    const base = index << 4;
    const { type, number, bytes } = resultOf(job);
    this.#copy(bytes, 0, segment, index);
    words[base + Entry.STATUS] = type === FAILURE ? -constants.errno.EIO : 0;
    words[base + Entry.RESULT_TYPE] = type;
    if (type === NUMBER || type === CONSTANT) {
      segment.doubles[(index << 3) + Entry.RESULT_NUMBER_F64] = number;
    } else {
      words[base + Entry.RESULT_OFFSET] = 0;
      words[base + Entry.RESULT_SIZE] = words[base + Entry.SIZE] as number;
    }
  }

  #copy(bytes: Uint8Array | undefined, tailroom: number, segment: Segment, index: number): void {
    room.tailroom = tailroom;
    encodeInput(codec, bytes);
    writeInput(room, Reference.NONE, segment, index);
    this.#bytes = undefined;
  }
}

function resultOf(job: Job): Encoded {
  if (job.error !== undefined) {
    return { type: FAILURE, number: 0, bytes: encodeError(job.error), message: undefined };
  }
  const encoded = encode(job.result);
  if (encoded.message !== undefined) throw typeError('job.result', 'a value that can be copied', job.result);
  return encoded;
}
