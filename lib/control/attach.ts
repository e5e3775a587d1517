/** Gives an instance its control files. */
import { constants } from 'node:os';
import { join } from 'node:path';
import { PadataError } from '../errors.js';
import { checkName, rangeError, typeError } from '../internal/validate.js';
import type { Padata } from '../padata.js';
import { type Claim, claim, claimForProcess, removeEmpty, sweep, sweepProcesses } from './claim.js';
import { ControlFiles, type ControlTarget } from './control-files.js';
import { namedPlace, userPlace } from './place.js';

/** The longest name of a file, in bytes. */
const NAME_MAX = 255;

/** All of this environment. */
const open = new Set<() => void>();

function closeAll(): void {
  for (const close of open) close();
}

/** Whether the name will do for a directory, where control files are asked for. @throws TypeError, RangeError */
export function checkControl(name: string, control: unknown): asserts control is boolean | string | undefined {
  if (control === undefined || control === false) return;
  if (control !== true) checkControlDirectory(control);
  const isText = Buffer.from(name).toString() === name;
  if (!isText || name.startsWith('.') || /[/\0]/.test(name) || Buffer.byteLength(name) > NAME_MAX) {
    const safe = `the name of a file, for control files are asked for: no "/", no NUL, no "." in front, at most ${NAME_MAX} bytes`;
    throw rangeError('name', safe, name);
  }
}

function checkControlDirectory(control: unknown): void {
  if (typeof control !== 'string') throw typeError('options.control', 'a boolean or a directory', control);
  checkName('options.control', control);
  if (control.includes('\0')) throw rangeError('options.control', 'a path without NUL', control);
}

/** What an instance has to do with its control files. */
export type Control = Pick<ControlFiles, 'check' | 'show' | 'directory' | 'close'>;

/**
 * Makes the control files of an instance.
 *
 * @param control true: in the user's place; a text: in that directory
 * @param onFailure called before it throws
 * @throws PadataError EEXIST an instance that lives has them; EACCES, EPERM and others: the directory cannot be made
 */
export function attachControl(padata: Padata, control: boolean | string, onFailure: () => void): Control {
  try {
    const files = new ControlFiles(() => claimFor(padata.name, control), targetOf(padata));
    return registered(files, control === true ? join(files.directory, '..') : undefined);
  } catch (error) {
    onFailure();
    if (error instanceof PadataError) throw error;
    const { errno = -constants.errno.EIO, message } = error as NodeJS.ErrnoException;
    throw PadataError.fromErrno(errno, 'padata_alloc', `control files: ${message}`);
  }
}

function claimFor(name: string, control: boolean | string): Claim {
  const place = typeof control === 'string' ? namedPlace(control) : userPlace();
  const isNamed = typeof control === 'string';
  if (isNamed) sweep(place);
  else sweepProcesses(place);
  return isNamed ? claim(place, name) : claimForProcess(place, name);
}

function targetOf(padata: Padata): ControlTarget {
  return {
    get cpumask() {
      return padata.cpumask;
    },
    get cpuStats() {
      return padata.stats().cpus;
    },
    setCpumask: (type, mask) => padata.setCpumask(type, mask),
    tell: (error) =>
      process.nextTick(() => {
        if (padata.listenerCount('error') > 0) padata.emit('error', error);
      }),
  };
}

/** Closed at the end of the environment, if not before. */
function registered(files: ControlFiles, parent: string | undefined): Control {
  if (open.size === 0) process.once('exit', closeAll);
  const close = (): void => {
    files.close();
    if (parent !== undefined) removeEmptyQuietly(parent);
    open.delete(close);
    if (open.size === 0) process.removeListener('exit', closeAll);
  };
  open.add(close);
  return {
    check: () => files.check(),
    show: (type) => files.show(type),
    get directory() {
      return files.directory;
    },
    close,
  };
}

function removeEmptyQuietly(path: string): void {
  try {
    removeEmpty(path);
  } catch {
    // A later process sweeps it.
  }
}
