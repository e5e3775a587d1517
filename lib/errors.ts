import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** The name of an errno, as the kernel's documents and `errno.h` write it. */
export type ErrnoName = keyof typeof constants.errno | 'EOWNERDEAD';

/** One that Node does not list. */
const EOWNERDEAD = 130;

const names = new Map<number, ErrnoName>(
  (Object.entries(constants.errno) as [ErrnoName, number][])
    .filter(([name]) => name !== 'EWOULDBLOCK') // another name of EAGAIN, which all documents use
    .map(([name, value]) => [value, name] as [number, ErrnoName])
    .concat([[EOWNERDEAD, 'EOWNERDEAD']]),
);

/** Made once: getSystemErrorMap() makes a new map at each call, and a flood of packets that fail makes many errors. */
const texts = getSystemErrorMap();

/** The negative errno of a name. @internal */
export function errnoOf(code: ErrnoName): number {
  return -(code === 'EOWNERDEAD' ? EOWNERDEAD : constants.errno[code]);
}

/**
 * An error of the mechanism: padata refused something, or a job ended with an errno. It has the shape of Node's system
 * errors, so `error.code === 'EBUSY'` works as it does for `node:fs`. A wrong type of an argument is a `TypeError`
 * and a number out of range a `RangeError` instead, each with the argument's name in its message.
 *
 * The error that a native function's job ended with has no stack frames: they would say nothing of who submitted it, and cost more
 * than most jobs.
 */
export class PadataError extends Error {
  /** The errno's name, for example `'EINVAL'`. */
  readonly code: ErrnoName;
  /** The errno as libuv and Node have it: negative. */
  readonly errno: number;
  /** The function that failed: the API's name for it, the name of a native function, or a system call. */
  readonly syscall: string;

  /**
   * @param code    the errno's name
   * @param syscall what failed
   * @param detail  what to do about it, or what was found; without it the system's text for the errno is used
   */
  constructor(code: ErrnoName, syscall: string, detail?: string) {
    const errno = errnoOf(code);
    super(`${code}: ${detail ?? texts.get(errno)?.[1] ?? `errno ${-errno}`}, ${syscall}`);
    this.name = 'PadataError';
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }

  /**
   * The error for a negative errno, as native functions return it.
   *
   * @param errno a negative errno; one that this system has no name for is taken for EIO
   */
  static fromErrno(errno: number, syscall: string, detail?: string): PadataError {
    return new PadataError(names.get(-errno) ?? 'EIO', syscall, detail);
  }
}
