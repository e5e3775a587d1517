/** What the tests of both kernel APIs share. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Job } from 'padata';
import {
  padata_alloc,
  padata_alloc_shell,
  padata_do_parallel,
  type padata_instance,
  type padata_shell,
} from 'padata/kernel';
import * as first from 'padata/kernel/2.6.34';
import { expect, onTestFinished } from 'vitest';
import { decodeWhere, type Where } from '../fixtures/native-addon/index.js';
import { firstCpu, here, within } from './padata.js';

/** CPUs that no machine of these tests has: they are in masks, and never online. */
export const OFFLINE = 4000;

/** An instance of 2020 for one test, with one shell. */
export function setUp(): { pinst: padata_instance; ps: padata_shell } {
  const pinst = padata_alloc('conformance')!;
  onTestFinished(() => within(pinst.close(), 'close'));
  return { pinst, ps: padata_alloc_shell(pinst)! };
}

/** padata_do_parallel of 2020 where the box does not matter. */
export function submit(ps: padata_shell, job: Job, cpu = firstCpu): number {
  return padata_do_parallel(ps, job, { value: cpu });
}

/** An instance of 2.6.34 for one test, on a workqueue of its own, started. The test sees to it that no closure is outstanding at its end. */
export function setUpFirst(cpumask: Iterable<number> = here): first.padata_instance {
  const wq = first.alloc_workqueue('conformance')!;
  const pinst = first.padata_alloc(cpumask, wq)!;
  onTestFinished(() => {
    if (pinst.usable.isEmpty()) first.padata_set_cpumask(pinst, here); // else what waits could not be done
    first.padata_free(pinst);
    expect(first.destroy_workqueue(wq)).toBe(0);
  });
  expect(first.padata_start(pinst)).toBe(0);
  return pinst;
}

/** A job with a native parallel() whose result the promise is. */
export function asked<O>(parallel: Job['parallel'], data?: unknown): { job: Job; result: Promise<O> } {
  const job: Job = { parallel, serial: () => {}, data };
  const result = new Promise<O>((resolve, reject) => {
    job.serial = (done: Job) => (done.error ? reject(done.error) : resolve(done.result as O));
  });
  return { job, result: within(result, 'serial()') };
}

/** Where a job with `fixture.where` as parallel() has run. */
export async function whereOf(parallel: Job['parallel'], submitIt: (job: Job) => number): Promise<Where> {
  const { job, result } = asked<Uint8Array>(parallel);
  submitIt(job);
  return decodeWhere(await result);
}

/** Signals that can be blocked: all but SIGKILL (9) and SIGSTOP (19), and the two that the C library keeps (32, 33). */
const UNBLOCKABLE = [9, 19, 32, 33];
export const ALL_SIGNALS = Array.from({ length: 64 }, (_, i) => i + 1).filter(
  (signal) => !UNBLOCKABLE.includes(signal),
);

/** Empty for a thread that has ended since it was listed. */
function statusOf(tid: string): string {
  try {
    return readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** The signals that a thread of this process has blocked, by its name. */
export function blockedSignals(threadName: string): number[] {
  const status = readdirSync('/proc/self/task')
    .map(statusOf)
    .find((text) => text.startsWith(`Name:\t${threadName}\n`));
  const bits = BigInt(`0x${/^SigBlk:\s*(\w+)$/m.exec(status!)![1]}`);
  return ALL_SIGNALS.filter((signal) => ((bits >> BigInt(signal - 1)) & 1n) !== 0n);
}

/** How much CPU time this very thread has used, in milliseconds. */
export function threadCpuMs(): number {
  const [user, system] = /\) \w (?:-?\d+ ){10}(\d+) (\d+)/
    .exec(readFileSync('/proc/thread-self/stat', 'utf8'))!
    .slice(1);
  return (Number(user) + Number(system)) * 10; // in ticks of 10 ms
}
