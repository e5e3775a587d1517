/**
 * The layout of the memory that the event loop and the threads share, in 32-bit words unless said otherwise. It mirrors
 * core/job.h, core/job_queue.h, core/instance.h, core/shell.h and core/environment.h.
 *
 * Constant enums, so that the numbers stand where they are used: V8 does not know what another module exports to be constant, and each use of an
 * imported constant would be a load and two checks.
 */

// biome-ignore-start lint/suspicious/noConstEnum: see above; they are not exported from the package

/** A job entry. Addresses take two words, the low one first. */
export const enum Entry {
  STATE = 0,
  CB_CPU = 1,
  PARALLEL = 2,
  SERIAL = 4,
  BYTES = 6,
  SIZE = 8,
  PART_SIZE = 9,
  STATUS = 12,
  RESULT_TYPE = 13,
  RESULT_OFFSET = 14,
  RESULT_SIZE = 15,
  /** When a job with a module function was submitted, in 64-bit words of the entry. */
  SUBMITTED_F64 = 5,
  /** A result that is a number, in 64-bit words of the entry. */
  RESULT_NUMBER_F64 = 7,
  /** How long an entry is. */
  BYTE_LENGTH = 64,
  /** How many there are in a segment of 16384 bytes, behind a header as large as an entry. */
  PER_SEGMENT = 255,
}

/** The state of an entry is the phase and, above its bits, the low bits of seq_nr. */
export const enum Phase {
  SUBMITTED = 1,
  DONE = 4,
  SERIALIZED = 5,
  BITS = 3,
}

export const enum ResultType {
  NONE = 0,
  BYTES = 1,
  NUMBER = 2,
}

/** A reference in the input of a job, see `native/src/functions/aead.h`. It begins behind the first part, on a multiple of 4. */
export const enum ReferenceWord {
  SOURCE = 0,
  DST = 2,
  SIZE = 4,
  DST_SIZE = 5,
  BYTE_LENGTH = 24,
}

/** The control block of an instance. */
export const enum InstanceWord {
  TAIL = 0,
  HEAD = 16,
  COST_NS = 18,
  ATTENDED = 32,
  FLAGS = 48,
  MASK_GENERATION = 49,
}

/** Bits of FLAGS; jobs are accepted when none is set. */
export const enum InstanceFlag {
  STOPPED = 1,
  INVALID = 2,
  CHANGING = 4,
}

/** The control block of a shell. */
export const enum ShellWord {
  COMMIT = 0,
  READY = 1,
  READY_NEXT = 2,
}

/** The control block of an environment. */
export const enum EnvironmentWord {
  READY_HEAD = 0,
  ARMED = 16,
  MASKS_CHANGED = 17,
  MT_DONE = 18,
  LOOKING = 32,
}

/** In bytes. */
export const enum Limit {
  /** The most that an input may have: sizes are 32-bit words, offsets have a sign. */
  INPUT_BYTES = 2 ** 31 - 1 - 2 ** 17,
  /** The most that an input may have for which a segment itself has room: a cache line. */
  SHORT_INPUT = 64,
}
// biome-ignore-end lint/suspicious/noConstEnum: see above
