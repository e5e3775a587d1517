/**
 * The layout of the memory that the event loop and the threads share, in 32-bit words unless said otherwise. It mirrors
 * core/job.h, core/job_queue.h, core/instance.h, core/shell.h and core/environment.h.
 */

/** A job entry: 16 words. Addresses take two words, the low one first. */
export const JOB_WORDS = 16;
export const JOB_BYTES = 64;
export const STATE = 0;
export const CB_CPU = 1;
export const PARALLEL = 2;
export const SERIAL = 4;
export const BYTES = 6;
export const SIZE = 8;
export const PART_SIZE = 9;
export const STATUS = 12;
export const RESULT_TYPE = 13;
export const RESULT_OFFSET = 14;
export const RESULT_SIZE = 15;
/** A result that is a number, in 64-bit words of the entry. */
export const RESULT_NUMBER_F64 = 7;

/** When a job with a module function was submitted, in 64-bit words of the entry. */
export const SUBMITTED_F64 = 5;

/** A state is the phase and, above it, the low bits of seq_nr. */
export const PHASE_BITS = 3;
export const SUBMITTED = 1;
export const DONE = 4;
export const SERIALIZED = 5;

export const RESULT_NONE = 0;
export const RESULT_BYTES = 1;
export const RESULT_NUMBER = 2;

/** A segment of 16384 bytes: a header as large as an entry, then the entries. */
export const JOBS_PER_SEGMENT = 255;

/** The control block of an instance. */
export const TAIL = 0;
export const HEAD = 16;
export const COST_NS = 18;
export const ATTENDED = 32;
export const FLAGS = 48;
export const MASK_GENERATION = 49;

/** Bits of FLAGS; jobs are accepted when none is set. */
export const STOPPED = 1;
export const INVALID = 2;
export const CHANGING = 4;

/** The control block of a shell. */
export const COMMIT = 0;
export const READY = 1;
export const READY_NEXT = 2;

/** The control block of an environment. */
export const READY_HEAD = 0;
export const ARMED = 16;
export const MASKS_CHANGED = 17;
export const MT_DONE = 18;
export const LOOKING = 32;

/** The most parts that an input may have, and the most bytes: sizes are 32-bit words, offsets have a sign. */
export const MAX_PARTS = 3;
export const MAX_INPUT_BYTES = 2 ** 31 - 1 - 2 ** 17;
