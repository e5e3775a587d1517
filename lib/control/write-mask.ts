/** Changes a mask of another process, by its control file. */
import { closeSync, constants, lstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CpuMask } from '../cpumask.js';
import { type ErrnoName, PadataError } from '../errors.js';
import { type Instance, maskPath } from './instances.js';
import { LAST_ERROR_FILE, quote, type Refusal, readLastError } from './last-error.js';
import { ifThere, readSmall } from './safe-file.js';

const { O_NOFOLLOW, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants;

/** Between looks whether it was taken, in milliseconds. */
const LOOK_MS = 5;

/**
 * Writes a mask, and waits until it was taken.
 *
 * @param waitMs at most so long
 * @throws PadataError with the errno of the refusal; ETIMEDOUT nobody took it; EBUSY another writer has changed it meanwhile; ENOENT the
 *   instance is gone
 */
export async function writeMask(
  instance: Instance,
  type: 'parallel' | 'serial',
  mask: CpuMask,
  waitMs: number,
): Promise<void> {
  const path = maskPath(instance, type);
  const shown = `${mask.toString()}\n`;
  // What stands behind the first newline does not count: so our text is never the one that the instance shows.
  const written = `${shown}\n`;
  const before = lastErrorIdentity(instance);
  write(path, written);
  for (const end = performance.now() + waitMs; performance.now() < end; await sleep(LOOK_MS)) {
    if (readSmall(path) === shown) return;
    const refusal = lastErrorIdentity(instance) === before ? undefined : readLastError(instance.directory);
    if (refusal !== undefined && isOurs(refusal, type, written)) {
      throw new PadataError(refusal.code as ErrnoName, `${type}_cpumask`, withoutCode(refusal));
    }
  }
  throw notTaken(path, readSmall(path), written);
}

function write(path: string, text: string): void {
  const fd = openSync(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** Another one whenever there is another error, also if it says the same. */
function lastErrorIdentity({ directory }: Instance): string {
  const info = ifThere(() => lstatSync(join(directory, LAST_ERROR_FILE), { bigint: true }));
  return `${info?.ino} ${info?.ctimeNs}`;
}

function isOurs({ file, text }: Refusal, type: string, written: string): boolean {
  return file === `${type}_cpumask` && quote(text) === quote(written);
}

/** The message without what the error adds itself. */
function withoutCode({ code, file, message }: Refusal): string {
  return message.replace(`${code}: `, '').replace(new RegExp(`, ${file}$`), '');
}

function notTaken(path: string, text: string | undefined, written: string): PadataError {
  if (text === undefined) return new PadataError('ENOENT', 'write', `${path}: the instance is gone`);
  if (text === written || text === '') {
    const why = 'the instance has not read it: its event loop is busy, or its process is stopped';
    return new PadataError('ETIMEDOUT', 'write', `${path}: ${why}; it may still take it later`);
  }
  return new PadataError('EBUSY', 'write', `${path}: another writer has changed it meanwhile`);
}
