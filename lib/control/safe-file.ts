/** Small files and directories that must be what they seem: ours, regular, and no symbolic links. */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { PadataError } from '../errors.js';

/** What is read of any control file: as much as one write to a file of sysfs takes (fs/kernfs: one page). */
export const MAX_BYTES = 4096;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** The user that files belong to which this process makes. */
export const userId = (): number => (process.geteuid as () => number)();

/** Whether an error is one of these errnos. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** Runs something that may find nothing there, or something else than what it looks for: undefined then. */
export function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
}

/**
 * Opens a regular file for reading. A pipe does not block, a symbolic link is not followed.
 *
 * @returns undefined if there is none: nothing at all, or something else
 */
export function openRegular(path: string): number | undefined {
  const fd = ifThere(() => openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (fd === undefined) return undefined;
  const info = fstatSync(fd);
  if (info.isFile() && (info.uid === userId() || info.uid === 0)) return fd;
  closeSync(fd);
  return undefined;
}

/** The first bytes of an open file, as Latin-1: a byte is a character. */
export function readStart(fd: number, most = MAX_BYTES): string {
  const bytes = Buffer.alloc(most);
  return bytes.toString('latin1', 0, readSync(fd, bytes, 0, most, 0));
}

/** The first bytes of a regular file; undefined if there is none. */
export function readSmall(path: string, most = MAX_BYTES): string | undefined {
  const fd = openRegular(path);
  if (fd === undefined) return undefined;
  try {
    return readStart(fd, most);
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes a file and puts it in the place of whatever has its name: whoever reads finds the old file or the new one, whole. The new one is
 * another inode: a process that has the old one open cannot write into it.
 *
 * @param spare a path in the same directory that nobody else uses
 * @returns the new file, open for reading and writing
 */
export function replaceFile(path: string, text: string, spare: string): number {
  const fd = openSync(spare, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeSync(fd, text);
    renameSync(spare, path);
    return fd;
  } catch (error) {
    closeSync(fd);
    ifThere(() => unlinkSync(spare));
    throw error;
  }
}

/**
 * Sees to it that a directory is there, belongs to us and is closed to others.
 *
 * @throws PadataError ENOTDIR it is a symbolic link, or no directory; EPERM it belongs to somebody else; errors of mkdir(2)
 */
export function privateDirectory(path: string): void {
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  const info = lstatSync(path);
  if (!info.isDirectory()) throw new PadataError('ENOTDIR', 'mkdir', `${path} is a symbolic link or no directory`);
  if (info.uid !== userId()) throw new PadataError('EPERM', 'mkdir', `${path} belongs to user ${info.uid}`);
  if ((info.mode & 0o777) !== 0o700) chmodSync(path, 0o700);
}

/** Whether a path is a directory of ours, and no symbolic link. */
export function isOurDirectory(path: string): boolean {
  const info = ifThere(() => lstatSync(path));
  return info?.isDirectory() === true && info.uid === userId();
}
