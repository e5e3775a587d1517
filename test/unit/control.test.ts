/** The option `control` of an instance, and the life of its directory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CpuMask, type CpuMaskLike, cpus, Padata, PadataError } from 'padata';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readOwner } from '../../dist/control/owner.js';
import { ends, runScript } from '../support/child.js';
import { folder } from '../support/control.js';
import { firstCpu, until, within, wrong } from '../support/padata.js';

const script = join(import.meta.dirname, '../fixtures/scripts/control.cjs');
const nrCpus = Math.max(...cpus.possible()) + 1;
const text = (mask: CpuMaskLike) => `${CpuMask.from(mask).toString()}\n`;

/** An instance with control files, closed behind the test. */
function controlled(name: string, control: boolean | string) {
  const padata = new Padata(name, { control });
  onTestFinished(() => within(padata.close(), 'close'));
  const path = (file: string) => join(padata.controlDirectory as string, file);
  return { padata, path, read: (file: string) => readFileSync(path(file), 'latin1') };
}

/** A process that has an instance `child`; killed behind the test. */
async function child(how: string, control: string): Promise<{ process: ChildProcess; directory: string }> {
  const process_ = spawn(process.execPath, [script, how, control], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void process_.kill('SIGKILL'));
  const [bytes] = (await within(once(process_.stdout, 'data'), 'child')) as [Buffer];
  return { process: process_, directory: bytes.toString().trim() };
}

async function killed(process_: ChildProcess): Promise<void> {
  const ended = once(process_, 'exit');
  process_.kill('SIGKILL');
  await ended;
}

describe('an instance with control files', () => {
  it('has its masks changed by a write, and tells it', async () => {
    const { padata, path, read } = controlled('written', folder());
    const told = once(padata, 'cpumask');
    writeFileSync(path('parallel_cpumask'), text([firstCpu]));
    await until(() => padata.cpumask.parallel.equals([firstCpu]), 'taken');
    await until(() => read('parallel_cpumask') === text([firstCpu]), 'shown');
    expect([...padata.usable.parallel]).toEqual([firstCpu]);
    if (cpus.allowed().weight > 1) await within(told, 'event');
  });

  it('shows what setCpumask sets, and a write before it does not come after it', async () => {
    const { padata, path, read } = controlled('set', folder());
    writeFileSync(path('serial_cpumask'), text([]));
    padata.setCpumask('serial', [firstCpu]);
    expect(read('serial_cpumask')).toBe(text([firstCpu]));
    writeFileSync(path('parallel_cpumask'), text([firstCpu]));
    await until(() => padata.cpumask.parallel.equals([firstCpu]), 'taken');
    expect([...padata.cpumask.serial]).toEqual([firstCpu]);
  });

  it('accepts a mask without usable CPUs, is invalid then, and runs again', async () => {
    const { padata, path } = controlled('empty', folder());
    writeFileSync(path('serial_cpumask'), '0\n');
    await until(() => padata.state === 'invalid', 'invalid');
    writeFileSync(path('serial_cpumask'), text(cpus.possible()));
    await until(() => padata.state === 'running', 'running');
  });

  it("tells of a refusal by 'error', and throws nothing if nobody listens", async () => {
    const { padata, path, read } = controlled('refused', folder());
    writeFileSync(path('parallel_cpumask'), 'nonsense');
    await until(() => read('last_error').includes('EINVAL "nonsense"'), 'told');
    const errors: (Error & { code?: unknown })[] = [];
    padata.on('error', (error) => errors.push(error));
    writeFileSync(path('serial_cpumask'), text([nrCpus]));
    await until(() => errors.length > 0, 'event');
    expect(errors).toEqual([expect.objectContaining({ code: 'EOVERFLOW', syscall: 'serial_cpumask' })]);
    expect(errors[0]).toBeInstanceOf(PadataError);
    expect(padata.cpumask.serial.equals(cpus.possible())).toBe(true);
    expect(read('serial_cpumask')).toBe(text(cpus.possible()));
  });

  it('without the option has none', () => {
    for (const control of [undefined, false]) {
      const padata = new Padata('../any name', { control });
      expect(padata.controlDirectory).toBe(undefined);
      padata.free();
    }
  });
});

describe('the name', () => {
  const unsafe = ['.', '..', 'a/b', '/', 'a\0b', '.hidden', 'x'.repeat(256), 'é'.repeat(128), '\ud800'];
  it.each(unsafe)('%j is refused with control files alone', (name) => {
    const parent = folder();
    expect(() => new Padata(name, { control: parent })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', message: expect.stringMatching(/"name".*control files/) }),
    );
    expect(readdirSync(parent)).toEqual([]);
    new Padata(name).free();
  });

  it.each(['x'.repeat(255), 'with blanks, "quotes" and a\nnewline', 'é', '-rf', '1'])('%j will do', (name) => {
    const { padata } = controlled(name, folder());
    expect(basename(padata.controlDirectory as string)).toBe(name);
  });

  it.each([1, null, {}, []])('control: %j is refused', (control) => {
    expect(() => new Padata('x', { control: wrong(control) })).toThrow(TypeError);
  });

  it.each(['', 'a\0b'])('control: %j is refused', (control) => {
    expect(() => new Padata('x', { control })).toThrow(RangeError);
  });

  it('of an instance that lives is taken: EEXIST, and nothing happens to that one', async () => {
    const parent = folder();
    const { path, read } = controlled('twice', parent);
    const existing = expect.objectContaining({ code: 'EEXIST', message: expect.stringContaining(String(process.pid)) });
    expect(() => new Padata('twice', { control: parent })).toThrow(existing);
    expect(readdirSync(parent)).toEqual(['twice']);
    writeFileSync(path('parallel_cpumask'), text([]));
    await until(() => read('parallel_cpumask') === text([]), 'still there');
  });

  it('is free again when the instance was freed', () => {
    const parent = folder();
    for (let i = 0; i < 50; i++) new Padata('again', { control: parent }).free();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('of something else is taken, and that stays', () => {
    const parent = folder();
    mkdirSync(join(parent, 'data/inner'), { recursive: true });
    writeFileSync(join(parent, 'file'), 'mine');
    for (const name of ['data', 'file']) {
      expect(() => new Padata(name, { control: parent })).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    }
    expect(readdirSync(parent).sort()).toEqual(['data', 'file']);
    expect(readdirSync(join(parent, 'data'))).toEqual(['inner']);
    expect(readFileSync(join(parent, 'file'), 'utf8')).toBe('mine');
  });
});

describe('at the end', () => {
  it.each([
    ['idle', 0],
    ['exit', 3],
    ['throw', 1],
    ['close', 0],
  ])('%s: the directory is gone', async (how, code) => {
    const parent = folder();
    const ended = await runScript('control.cjs', [how, parent]);
    expect(ended).toMatchObject(ends(code, `${join(parent, 'child')}\n`));
    expect(readdirSync(parent)).toEqual([]);
  });

  it.each(['worker-exit', 'worker-terminate'])('%s: the name is free, and the directory gone', async (how) => {
    const parent = folder();
    const ended = await runScript('control.cjs', [how, parent]);
    expect(ended).toMatchObject(ends(0, `${join(parent, 'child')}\n`.repeat(2)));
    expect(readdirSync(parent)).toEqual([]);
  });

  it('of a process that was killed, the next instance cleans up; what lives stays', async () => {
    const parent = folder();
    const dead = await child('stay', parent);
    await killed(dead.process);
    expect(existsSync(dead.directory)).toBe(true);
    const alive = await child('stay', parent); // takes the name over
    const { padata } = controlled('other', parent);
    expect(readdirSync(parent).sort()).toEqual(['child', 'other']);
    expect(readOwner(alive.directory)?.pid).toBe(alive.process.pid);
    expect(dirname(padata.controlDirectory as string)).toBe(parent);
    await killed(alive.process);
    controlled('third', parent);
    expect(readdirSync(parent).sort()).toEqual(['other', 'third']);
  });
});
