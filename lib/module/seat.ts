/**
 * The memory that an isolate, its instance's event loop and the core share: Isolate::Shared of core/isolate.h. Numbers are in 32-bit words of it,
 * or of a slot, unless a name ends in F64.
 */
export const ARMED = 0;
export const OUTCOMES = 1;
export const PROGRESS = 2;
export const LIMIT = 3;
export const MAY_SLEEP = 4;
export const ARENA_USED = 5;
export const WANTS = 6;

/** Bits of WANTS. */
export const WANTS_EVENTS = 1;

export const SLOTS = 64;
const SLOTS_AT = 16;
const SLOT_WORDS = 16;

export const STATE = 0;
export const FUNCTION = 1;
export const TYPE = 2;
export const IS_SERIAL = 3;
export const OFFSET = 4;
export const SIZE = 5;
export const SHELL = 6;
export const CB_CPU = 7;
export const SEQ_NR_F64 = 4;
export const NUMBER_F64 = 5;
export const SUBMITTED_F64 = 6;
export const BEGUN_F64 = 7;

/** Values of STATE. */
export const FREE = 0;
export const CLAIMED = 1;
export const BEGUN = 2;
/** OFFSET of an input that did not fit into the arena. */
export const NOT_FETCHED = -1;

export const INBOX = SLOTS_AT + SLOTS * SLOT_WORDS;

const OUTCOME_AT = INBOX + SLOTS;
const OUTCOME_WORDS = 8;
export const OUTCOME_SLOT = 0;
export const OUTCOME_TYPE = 1;
export const OUTCOME_OFFSET = 2;
export const OUTCOME_SIZE = 3;
export const OUTCOME_NUMBER_F64 = 2;
export const OUTCOME_STATUS = 6;

/** Where the bytes of results lie, in bytes. */
export const RESULT_BYTES_AT = (OUTCOME_AT + SLOTS * OUTCOME_WORDS) * 4;
export const RESULT_BYTES = 128 * 1024;

/** The first word of a slot; half of it is its first double. */
export const slotAt = (index: number): number => SLOTS_AT + index * SLOT_WORDS;
export const outcomeAt = (index: number): number => OUTCOME_AT + index * OUTCOME_WORDS;
