/** Where control directories are: one for each user, or one that the program names. */
import { mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { PadataError } from '../errors.js';
import { ifThere, privateDirectory, userId } from './safe-file.js';

/** A sticky directory: others may write to it, but not rename or remove what is ours. */
const STICKY = 0o1000;

/** `$XDG_RUNTIME_DIR`, if it is what the XDG Base Directory Specification asks for: absolute, and the user's own. */
function runtimeDirectory(): string | undefined {
  const path = process.env.XDG_RUNTIME_DIR;
  if (!path || !isAbsolute(path)) return undefined;
  const info = ifThere(() => statSync(path));
  return info?.isDirectory() && info.uid === userId() ? path : undefined;
}

/** The directories that are tried for this user's control files, in this order. */
function choices(): string[] {
  const uid = userId();
  const runtime = runtimeDirectory();
  return [
    ...(runtime === undefined ? [] : [join(runtime, 'padata')]),
    uid === 0 ? '/run/padata' : `/run/padata-${uid}`,
    join(tmpdir(), `padata-${uid}`),
  ];
}

/** Where a process of this user may have put them, whatever its environment was. */
export function placesToLook(): string[] {
  const uid = userId();
  return [...new Set([...choices(), `/run/user/${uid}/padata`, `/tmp/padata-${uid}`])];
}

/**
 * The directory with a directory for each process of this user; made if it is not there.
 *
 * @throws PadataError none of them could be made, or they are not ours
 */
export function userPlace(): string {
  const failures: string[] = [];
  for (const path of choices()) {
    try {
      privateDirectory(path);
      return path;
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new PadataError(
    'EACCES',
    'padata_alloc',
    `no place for control files; set XDG_RUNTIME_DIR: ${failures.join('; ')}`,
  );
}

/**
 * The directory that the program names; made, with those above it, if it is not there.
 *
 * @throws PadataError EPERM others could put something of theirs in the place of ours; ENOTDIR it is no directory
 */
export function namedPlace(directory: string): string {
  const path = resolve(directory);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(path);
  const isShared = (mode & 0o022) !== 0 && (mode & STICKY) === 0;
  if (isShared || (uid !== userId() && uid !== 0)) {
    throw new PadataError('EPERM', 'padata_alloc', `${path} is not safe: others can rename what is in it (chmod go-w)`);
  }
  return path;
}
