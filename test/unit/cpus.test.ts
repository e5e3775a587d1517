import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CpuMask, cpus } from 'padata';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const names = ['possible', 'present', 'online', 'allowed'] as const;

const ask = `const { cpus } = require('padata');
  const answer = Object.fromEntries(${JSON.stringify(names)}.map((name) => [name, cpus[name]().toList()]));`;

/** The process's own view, from another source: proc(5), Cpus_allowed_list. */
function allowedByProc(): string {
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))![1]!;
}

describe('cpus', () => {
  it('gives masks that are not empty, each part of the next', () => {
    const [possible, present, online, allowed] = names.map((name) => cpus[name]());
    for (const mask of [possible, present, online, allowed]) expect(mask).toBeInstanceOf(CpuMask);
    expect(allowed!.isEmpty()).toBe(false);
    expect(allowed!.andNot(online!).isEmpty()).toBe(true);
    expect(online!.andNot(present!).isEmpty()).toBe(true);
    expect(present!.andNot(possible!).isEmpty()).toBe(true);
  });

  it('agrees with proc', () => {
    expect(cpus.allowed().equals(CpuMask.parseList(allowedByProc()).and(cpus.online()))).toBe(true);
  });

  it('reads afresh at each call', () => {
    expect(cpus.online()).not.toBe(cpus.online());
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(cpus)).toBe(true);
  });

  it.skipIf(cpus.allowed().weight < 2)('sees the affinity that the process was started with', () => {
    const last = [...cpus.allowed()].at(-1)!;
    const script = `${ask} console.log(JSON.stringify(answer))`;
    const output = execFileSync('taskset', ['-c', String(last), process.execPath, '-e', script], { cwd: root });
    const answer = JSON.parse(output.toString()) as Record<string, string>;
    expect(answer.allowed).toBe(String(last));
    expect(answer.online).toBe(cpus.online().toList());
    expect(answer.possible).toBe(cpus.possible().toList());
  });

  it.skipIf(cpus.allowed().weight < 2)('loses nothing when the main thread is pinned, nor do instances', () => {
    const first = cpus.allowed().first()!;
    const script = `const { cpus, Padata } = require('padata');
      const { execFileSync } = require('node:child_process');
      const pd = new Padata('pinned loop', { parallel: [${first}] });
      execFileSync('taskset', ['-pc', '${first}', String(process.pid)]);
      pd.setCpumask('parallel', cpus.possible());
      const made = new Padata('made afterwards');
      console.log(require('node:fs').readFileSync('/proc/self/status', 'utf8').match(/Cpus_allowed_list:\\s*(.*)/)[1]);
      for (const mask of [cpus.allowed(), ...Object.values(pd.usable), ...Object.values(made.usable)]) {
        console.log(mask.toList());
      }`;
    const output = execFileSync(process.execPath, ['-e', script], { cwd: root });
    const usable = cpus.allowed().and(cpus.online()).toList();
    expect(output.toString().trim().split('\n')).toEqual([String(first), ...Array(5).fill(usable)]);
  });

  it('gives the same answers in a Worker', async () => {
    const script = `${ask} require('node:worker_threads').parentPort.postMessage(answer)`;
    const worker = new Worker(script, { eval: true });
    const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(answer).toEqual(Object.fromEntries(names.map((name) => [name, cpus[name]().toList()])));
  });
});
