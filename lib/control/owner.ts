/** Who a control directory belongs to: a thread, the main one or a Worker's, and whether it still lives. */
import { randomUUID } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere, isErrno, readSmall } from './safe-file.js';

/** The file in each control directory that says it. */
export const OWNER_FILE = 'owner';

/** An owner that we cannot look up is dead when it has not touched its file for so long, in milliseconds. */
export const SILENT_MS = 5000;

/** What the file says, as JSON. */
export interface Owner {
  pid: number;
  /** Its thread below /proc: `<pid>/task/<tid>`; '' where /proc is not mounted. */
  task: string;
  /** When the thread started, in clock ticks since boot: /proc/<pid>/stat, field 22. A pid that is used again has another one. */
  start: string;
  /** The pid namespace in which `task` means something. */
  namespace: string;
  /** One claim of one directory. */
  id: string;
}

/** State and start time of a thread, from proc_pid_stat(5). @throws ENOENT or ESRCH there is none */
function threadStat(task: string): { state: string; start: string } {
  const stat = readFileSync(join('/proc', task, 'stat'), 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name, field 2, may hold anything
  return { state: fields[0] as string, start: fields[19] as string };
}

/** The pid namespace of this process; '' where /proc is not mounted. */
export function pidNamespace(): string {
  return ifThere(() => readlinkSync('/proc/self/ns/pid')) ?? '';
}

/** The thread that calls, as the owner of a directory that it is about to make. */
export function newOwner(): Owner {
  const task = ifThere(() => readlinkSync('/proc/thread-self')) ?? '';
  const start = task === '' ? '' : threadStat(task).start;
  return { pid: process.pid, task, start, namespace: task === '' ? '' : pidNamespace(), id: randomUUID() };
}

export function writeOwner(directory: string, owner: Owner): void {
  writeFileSync(join(directory, OWNER_FILE), `${JSON.stringify(owner)}\n`, { mode: 0o600, flag: 'wx' });
}

/** Who a directory belongs to; undefined if it does not say, and so is none of ours. */
export function readOwner(directory: string): Owner | undefined {
  try {
    const owner = JSON.parse(readSmall(join(directory, OWNER_FILE)) ?? '') as Owner;
    const isOwner =
      Number.isInteger(owner.pid) &&
      /^(\d+\/task\/\d+)?$/.test(owner.task) &&
      [owner.start, owner.namespace, owner.id].every((text) => typeof text === 'string');
    return isOwner ? owner : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A sign of life, for those who cannot look us up: in another container, or without /proc. */
export function giveSignOfLife(directory: string): void {
  const now = new Date();
  utimesSync(join(directory, OWNER_FILE), now, now);
}

/**
 * Whether the thread that a directory belongs to is there. A Worker that was terminated is not, though its process is; nor is a
 * zombie.
 */
export function isAlive(directory: string, owner: Owner): boolean {
  if (owner.task === '' || owner.namespace !== pidNamespace()) return hasGivenSign(directory);
  try {
    const { state, start } = threadStat(owner.task);
    return start === owner.start && !'ZXx'.includes(state);
  } catch (error) {
    return !isErrno(error, 'ENOENT', 'ESRCH');
  }
}

function hasGivenSign(directory: string): boolean {
  const info = ifThere(() => lstatSync(join(directory, OWNER_FILE)));
  return info !== undefined && Math.abs(Date.now() - info.mtimeMs) < SILENT_MS;
}
