/**
 * Making and removing control directories. One appears under its name in one step, with its owner in it, so of several that want the
 * same name one gets it. One that is removed is renamed first, and looked at again before it is deleted.
 */
import { randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PadataError } from '../errors.js';
import { isAlive, newOwner, type Owner, pidNamespace, readOwner, SILENT_MS, writeOwner } from './owner.js';
import { ifThere, isErrno, isOurDirectory, privateDirectory } from './safe-file.js';

/** How often to look again at an owner that may just have died in another container, in milliseconds. */
const LOOK_AGAIN_MS = 250;

/** A directory that this thread made. */
export interface Claim {
  path: string;
  owner: Owner;
}

/**
 * Makes the directory `name` within a directory that is there.
 *
 * @throws PadataError EEXIST it belongs to an instance that lives, or something else has the name
 */
export function claim(parent: string, name: string): Claim {
  const path = join(parent, name);
  const owner = newOwner();
  const fresh = join(parent, `.new-${owner.id}`);
  mkdirSync(fresh, 0o700);
  try {
    writeOwner(fresh, owner);
    if (!moved(fresh, path)) {
      removeIfDead(path, true);
      if (!moved(fresh, path)) throw taken(path);
    }
    return { path, owner };
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** Makes `<place>/<pid>/<name>`. */
export function claimForProcess(place: string, name: string): Claim {
  const parent = join(place, String(process.pid));
  for (let attempt = 0; ; attempt++) {
    privateDirectory(parent);
    try {
      return claim(parent, name);
    } catch (error) {
      // Another Worker of this process freed its last instance, and removed the directory that was empty.
      if (!isErrno(error, 'ENOENT') || attempt === 10) throw error;
    }
  }
}

/** Removes a directory that this thread made, if it still is the same one. */
export function release({ path, owner }: Claim): void {
  if (readOwner(path)?.id === owner.id) rmSync(path, { recursive: true, force: true });
}

/** Whether a directory is still there and still ours. */
export function isHeld({ path, owner }: Claim): boolean {
  return isOurDirectory(path) && readOwner(path)?.id === owner.id;
}

/** Removes what dead threads left in a directory of control directories. */
export function sweep(parent: string): void {
  for (const name of ifThere(() => readdirSync(parent)) ?? []) {
    try {
      removeIfDead(join(parent, name), false);
    } catch {
      // What cannot be removed stays: it is in nobody's way until somebody wants its name.
    }
  }
}

/** Removes what dead threads left in the directories of all processes, and the directories that are empty then. */
export function sweepProcesses(place: string): void {
  for (const pid of readdirSync(place)) {
    const parent = join(place, pid);
    if (!/^\d+$/.test(pid) || !isOurDirectory(parent)) continue;
    sweep(parent);
    if (Number(pid) !== process.pid) removeEmpty(parent);
  }
}

/** Removes a directory if nothing is in it. */
export function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR')) throw error;
  }
}

/** rename(2), unless something is there already. */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) return false;
    throw error;
  }
}

function taken(path: string): PadataError {
  const owner = isOurDirectory(path) ? readOwner(path) : undefined;
  const found = owner
    ? `an instance of process ${owner.pid} has these control files; give it another name`
    : 'something that is no control directory is in the way; remove it';
  return new PadataError('EEXIST', 'padata_alloc', `${path}: ${found}`);
}

/** @param isWanted whether it is worth to wait for an owner in another container that may have died a moment ago */
function removeIfDead(path: string, isWanted: boolean): void {
  const owner = isOurDirectory(path) ? readOwner(path) : undefined;
  if (owner === undefined || lives(path, owner, isWanted)) return;
  const aside = join(path, '..', `.dead-${randomUUID()}`);
  if (ifThere(() => renameSync(path, aside)) === undefined && ifThere(() => lstatSync(aside)) === undefined) return;
  // Between the look and the renaming, another one may have removed it, and a living instance have come in its place.
  if (readOwner(aside)?.id === owner.id) rmSync(aside, { recursive: true, force: true });
  else moved(aside, path);
}

function lives(path: string, owner: Owner, isWanted: boolean): boolean {
  const wouldWait = isWanted && (owner.task === '' || owner.namespace !== pidNamespace());
  const end = Date.now() + (wouldWait ? SILENT_MS + LOOK_AGAIN_MS : 0);
  while (isAlive(path, owner)) {
    if (Date.now() >= end) return true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS);
  }
  return false;
}
