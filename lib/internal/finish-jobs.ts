/**
 * Waits for the jobs of one shell in the middle of a turn of the event loop, for `padata_free` of 2.6.34: sleeps until a thread has
 * completed something, and calls the serial() functions that have their turn, for nobody else can.
 */
import { performance } from 'node:perf_hooks';
import { type ErrnoName, PadataError } from '../errors.js';
import { environment } from './environment.js';
import type { InstancePort } from './instance-port.js';
import type { ShellPort } from './shell-port.js';

/** How long nothing may move before the threads are looked at, in milliseconds; doubled up to the second value. */
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 64;

/**
 * @param patienceMs how long nothing may move
 * @throws PadataError EDEADLK   what remains needs the calling thread
 * @throws PadataError ETIMEDOUT nothing has moved for so long
 */
export function finishJobs(port: ShellPort, owner: InstancePort, syscall: string, patienceMs: number): void {
  const fail = (code: ErrnoName, why: string): never => {
    const remedy = 'let the event loop run, then call again';
    throw new PadataError(code, syscall, `${port.pending} jobs remain: ${why}; ${remedy}`);
  };
  let movedAt = performance.now();
  let lookMs = FIRST_LOOK_MS;
  while (port.pending !== 0) {
    if (port.isDelivering) fail('EDEADLK', 'this is a call from a serial() of the same instance');
    if (environment.deliverNow(port) !== 0) {
      movedAt = performance.now();
      lookMs = FIRST_LOOK_MS;
      continue;
    }
    const need = needOfCaller(port, owner);
    if (need !== undefined) fail('EDEADLK', need);
    if (performance.now() - movedAt >= patienceMs) fail('ETIMEDOUT', `none was completed for ${patienceMs} ms`);
    environment.sleep(lookMs);
    if (lookMs === LAST_LOOK_MS) owner.rescue();
    lookMs = Math.min(2 * lookMs, LAST_LOOK_MS);
  }
}

/** Why nothing can move while the calling thread waits, as far as that can be known. */
function needOfCaller(port: ShellPort, owner: InstancePort): string | undefined {
  if (port.closures.size !== 0) {
    return `padata_do_serial is awaited of ${port.closures.size}, whose parallel() is a closure and runs on the calling thread`;
  }
  if (owner.isInvalid && owner.handle.backlog() !== 0) return 'no CPU of the mask is usable, so that none can begin';
  return undefined;
}
