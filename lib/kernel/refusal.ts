/** What the functions of the kernel's API return where those of the classes throw. `NODE_DEBUG=padata` shows the reasons. */
import { constants } from 'node:os';
import { debuglog } from 'node:util';
import { PadataError } from '../errors.js';

/** Try again: no thread could be started. */
export const EAGAIN: number = constants.errno.EAGAIN;
/** No memory. */
export const ENOMEM: number = constants.errno.ENOMEM;
/** The masks are being changed right now, or what is to be freed is in use. */
export const EBUSY: number = constants.errno.EBUSY;
/** Stopped, freed, no usable CPU, or a wrong argument. */
export const EINVAL: number = constants.errno.EINVAL;
/** 2.6.34: the work is in progress. */
export const EINPROGRESS: number = constants.errno.EINPROGRESS;

const debug = debuglog('padata');
/** The codes of wrong arguments, see lib/internal/validate.ts. */
const WRONG_ARGUMENT = new Set<unknown>(['ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE']);

/**
 * The negative errno for what one of the classes has thrown; of several errors, the first one. What is neither an error of the mechanism nor a wrong argument comes
 * from the caller's own code (a getter of the job), and is thrown on.
 */
export function refusal(error: unknown): number {
  if (error instanceof AggregateError) return refusal(error.errors[0]);
  if (error instanceof PadataError) return refused(error.errno, error.message);
  if (error instanceof Error && 'code' in error && WRONG_ARGUMENT.has(error.code))
    return refused(-EINVAL, error.message);
  throw error;
}

/** The negative errno itself, with the reason to be shown. */
export function refused(errno: number, why: string): number {
  debug('%d: %s', errno, why);
  return errno;
}

/** 0, or the negative errno for what `action` throws. */
export function statusOf(action: () => void): number {
  try {
    action();
    return 0;
  } catch (error) {
    return refusal(error);
  }
}

/** What `make` returns; null, as the kernel has it, where it throws. */
export function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    refusal(error);
    return null;
  }
}
