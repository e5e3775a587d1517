/**
 * Invariants 4 and 5. padata document, "Modifying cpumasks" and "Running A Job"; sched_setaffinity(2), pthread_sigmask(3).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type CpuMask, nativeFunction, type Padata } from 'padata';
import { noop, spin } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { decodeWhere, fixture } from '../fixtures/native-addon/index.js';
import { firstCpu, here, instance, lastCpu, native, within } from '../support/padata.js';

/** Every signal but those that cannot be blocked (signal(7)), and the two that glibc keeps for itself. */
const BLOCKED = Array.from({ length: 64 }, (_, i) => i + 1).filter((signal) => ![9, 19, 32, 33].includes(signal));

/** /proc/self/task/TID/status of the threads whose name begins so. */
function threadsOf(name: string): { name: string; blocked: bigint; cpus: string }[] {
  return readdirSync('/proc/self/task').flatMap((tid) => {
    let status: string;
    try {
      status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
    } catch {
      return []; // the thread has ended
    }
    const field = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(status)![1]!;
    if (!field('Name').startsWith(name)) return [];
    return [{ name: field('Name'), blocked: BigInt(`0x${field('SigBlk')}`), cpus: field('Cpus_allowed_list') }];
  });
}

const bit = (signal: number) => 1n << BigInt(signal - 1);

describe('invariant 4: after setCpumask has returned, no parallel() begins outside the new usable mask', () => {
  /** Keeps `padata` busy, changes its parallel mask, and looks where everything that was submitted afterwards ran. */
  async function checkChange(padata: Padata, mask: readonly number[]): Promise<void> {
    const shell = padata.createShell();
    const recorder = fixture.recorder();
    const record = nativeFunction(recorder.fn);
    for (let i = 0; i < 500; i++) shell.doParallel({ parallel: i % 2 === 0 ? record : noop, serial() {} });
    padata.setCpumask('parallel', mask);
    const ranBefore = recorder.take().length;
    for (let i = 0; i < 500; i++) shell.doParallel({ parallel: record, serial() {} });
    await within(shell.drain(), 'drain');
    // All of the second half, and of the first half what had not begun when setCpumask returned.
    const after = recorder.take();
    // A call that had begun may have been recorded a moment later: one for each CPU at most.
    const outside = after.filter(({ runningCpu, cpu }) => !mask.includes(runningCpu) || cpu !== runningCpu);
    expect(outside.filter(({ seqNr }) => seqNr >= 500)).toEqual([]);
    expect(outside.length).toBeLessThanOrEqual(here.length);
    expect(ranBefore + after.length).toBe(750);
    shell.free();
  }

  it('over many changes under load', async () => {
    const padata = instance();
    for (let i = 0; i < 100; i++) await checkChange(padata, [[firstCpu], [lastCpu], here][i % 3]!);
  });

  it('for jobs that a thread had claimed before: they go to another CPU, or wait', async () => {
    const padata = instance({ parallel: [lastCpu] });
    const shell = padata.createShell();
    const recorder = fixture.recorder();
    const record = nativeFunction(recorder.fn);
    const busy = spin(50_000);
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 200; i++) shell.doParallel({ parallel: i % 50 === 0 ? busy : record, serial() {} });
      await new Promise((resolve) => setImmediate(resolve));
      padata.setCpumask('parallel', []);
      recorder.take();
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect(recorder.take().length).toBeLessThanOrEqual(1); // one at most had begun
      padata.setCpumask('parallel', [[firstCpu], [lastCpu]][round % 2]!);
      await within(shell.drain(), 'drain');
    }
  });
});

describe('invariant 5: pinned, and every signal blocked', () => {
  const where = native<undefined, Uint8Array>('where');

  it.each(here)('parallel() on CPU %i', async (cpu) => {
    const shell = instance({ parallel: [cpu] }).createShell();
    const bytes = await within(shell.run(where, Buffer.from('x') as never), 'run');
    expect(decodeWhere(bytes)).toMatchObject({
      cpu,
      runningCpu: cpu,
      affinity: [cpu],
      threadName: `padata/p${cpu}`,
    });
    expect(decodeWhere(bytes).blockedSignals).toEqual(BLOCKED);
  });

  it.each(here)('native serial() on CPU %i', async (cpu) => {
    const shell = instance().createShell();
    const recorder = fixture.recorder();
    shell.doParallel({ parallel: noop, serial: nativeFunction(recorder.fn) }, cpu);
    await within(shell.drain(), 'drain');
    const name = `padata/s${cpu}`;
    expect(recorder.take()).toEqual([expect.objectContaining({ cpu, cbCpu: cpu, runningCpu: cpu, threadName: name })]);
    expect(threadsOf(name)).toEqual([{ name, blocked: expect.any(BigInt), cpus: String(cpu) }]);
  });

  it('all threads of the process: affinity and signal mask as /proc has them', async () => {
    const shell = instance().createShell();
    for (const cpu of here) shell.doParallel({ parallel: noop, serial: native('nothing') }, cpu);
    await within(shell.drain(), 'drain');
    const threads = threadsOf('padata/');
    expect(threads.filter(({ name }) => name.startsWith('padata/s')).length).toBe(here.length);
    for (const { name, blocked, cpus } of threads) {
      // The watcher runs no jobs, and goes where it is let.
      expect(name).toMatch(new RegExp(`^padata/([ps]${cpus}|watch)$`));
      for (const signal of BLOCKED) expect((blocked & bit(signal)) !== 0n, `${name}, signal ${signal}`).toBe(true);
    }
    const usable: CpuMask = shell.instance.usable.parallel;
    expect([...usable]).toEqual([...here]);
  });

  it('leaves the affinity and the signals of the event loop alone', () => {
    const status = readFileSync('/proc/self/status', 'utf8');
    expect(status).toMatch(/^SigBlk:\s*0{16}$/m);
    expect(status).toMatch(new RegExp(`^Cpus_allowed_list:\\s*${instance().usable.parallel.toList()}$`, 'm'));
  });
});
