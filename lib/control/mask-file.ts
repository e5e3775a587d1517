/**
 * One control file on disk, and what is written to it.
 *
 * Each time it is put back it becomes another inode. A process that had opened the old one before, and writes to it afterwards, is heard all
 * the same: old inodes are kept open for a while and looked at too. So nothing that we write can mix with what others write, nor
 * hide it; and no write is lost because it came at the wrong moment.
 */
import { closeSync, fstatSync, lstatSync, rmdirSync } from 'node:fs';
import { ifThere, isErrno, openRegular, readStart, replaceFile } from './safe-file.js';

/** How many old inodes are looked at, and for how long, in milliseconds. */
const MAX_OLD = 64;
const OLD_MS = 60_000;

/** One write that was found. */
export interface Write {
  file: MaskFile;
  /** Latin-1, the first 4096 bytes. */
  text: string;
  /** When it was written, in nanoseconds of the file system's clock. */
  at: bigint;
}

/** An inode that is open, and how it was when it was looked at last. */
interface Inode {
  fd: number;
  text: string;
  size: bigint;
  at: bigint;
  /** When another one took its place, by performance.now(). */
  retired: number;
}

export class MaskFile {
  #current: Inode | undefined;
  #old: Inode[] = [];
  #emptySince: number | undefined;
  #puts = 0;

  /**
   * @param type    which mask it holds
   * @param path    where it is
   * @param graceMs how long it may be empty, as it is between the two system calls of a shell's `>`
   */
  constructor(
    readonly type: 'parallel' | 'serial',
    readonly path: string,
    readonly graceMs: number,
  ) {}

  /** Puts a file with this text in the place of what is there. */
  put(text: string): void {
    const spare = `${this.path}.${this.#puts++}.new`;
    const fd = this.#replace(text, spare);
    this.#retire();
    this.#current = { fd, ...glance(fd), retired: 0 };
    this.#emptySince = undefined;
  }

  /** What was written since the last look, in no particular order. */
  writes(): Write[] {
    this.#old = this.#old.filter((inode, i) => this.#isWorthKeeping(inode, i));
    const found = this.#old.flatMap((inode) => this.#look(inode, true));
    this.#follow();
    if (this.#current) found.push(...this.#look(this.#current, false));
    return found;
  }

  /** Whether it has to be put back, though nothing was written: it is gone, is no regular file, or is empty for long. */
  get isLost(): boolean {
    if (this.#current === undefined) return true;
    return this.#emptySince !== undefined && performance.now() - this.#emptySince >= this.graceMs;
  }

  close(): void {
    this.#retire();
    for (const { fd } of this.#old) closeSync(fd);
    this.#old = [];
  }

  #replace(text: string, spare: string): number {
    try {
      return replaceFile(this.path, text, spare);
    } catch (error) {
      if (!isErrno(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw error;
      rmdirSync(this.path);
      return replaceFile(this.path, text, spare);
    }
  }

  #retire(): void {
    if (this.#current) this.#old.push({ ...this.#current, retired: performance.now() });
    this.#current = undefined;
  }

  #isWorthKeeping(inode: Inode, index: number): boolean {
    if (index >= this.#old.length - MAX_OLD && performance.now() - inode.retired < OLD_MS) return true;
    closeSync(inode.fd);
    return false;
  }

  /** Another file may have been moved to our place, as editors do: its text is a write as well. */
  #follow(): void {
    const there = ifThere(() => lstatSync(this.path, { bigint: true }));
    const ours = this.#current && fstatSync(this.#current.fd, { bigint: true });
    if (there && ours && there.ino === ours.ino && there.dev === ours.dev) return;
    this.#retire();
    const fd = openRegular(this.path);
    if (fd !== undefined) this.#current = { fd, text: '', size: 0n, at: 0n, retired: 0 };
  }

  #look(inode: Inode, isOld: boolean): Write[] {
    const before = inode.text;
    const now = glance(inode.fd);
    if (now.text === before && now.size === inode.size && now.at === inode.at) return [];
    Object.assign(inode, now);
    if (!isOld) this.#emptySince = now.text === '' ? performance.now() : undefined;
    // What has no name can no longer be opened anew: what grew there is a further write of a process that had written before.
    const text = isOld && before !== '' && now.text.startsWith(before) ? now.text.slice(before.length) : now.text;
    return text === '' ? [] : [{ file: this, text, at: now.at }];
  }
}

/** How an inode is now. Its time is read first: what comes in between is found at the next look. */
function glance(fd: number): Pick<Inode, 'text' | 'size' | 'at'> {
  const { size, mtimeNs } = fstatSync(fd, { bigint: true });
  return { text: readStart(fd), size, at: mtimeNs };
}
