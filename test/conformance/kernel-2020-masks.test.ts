/** "The padata parallel execution mechanism", May 2020: introduction, Initializing, Modifying cpumasks. See docs/conformance.md. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CpuMask, cpus, type Job, nativeFunction, Padata } from 'padata';
import { noop } from 'padata/functions';
import {
  EINVAL,
  PADATA_CPU_PARALLEL,
  PADATA_CPU_SERIAL,
  padata_alloc,
  padata_alloc_shell,
  padata_do_parallel,
  padata_do_serial,
  padata_free,
  padata_free_shell,
  padata_set_cpumask,
  padata_stop,
} from 'padata/kernel';
import { aead } from 'padata/pcrypt';
import { expect, onTestFinished } from 'vitest';
import { fixture } from '../fixtures/native-addon/index.js';
import { ends, runScript } from '../support/child.js';
import { folder } from '../support/control.js';
import { OFFLINE, setUp, submit, whereOf } from '../support/kernel.js';
import { firstCpu, here, lastCpu, native, turns, until, within } from '../support/padata.js';
import { rulesOf } from '../support/sentences.js';

const rule = rulesOf('2020');

/** An instance with control files, which stand for those in sysfs. */
function withFiles() {
  const parent = folder();
  const pinst = new Padata('pencrypt', { control: parent });
  onTestFinished(() => within(pinst.close(), 'close'));
  const read = (file: string) => readFileSync(join(parent, 'pencrypt', file), 'utf8');
  const echo = (text: string, file: string) =>
    execFileSync('sh', ['-c', `echo ${text} > ${join(parent, 'pencrypt', file)}`]);
  return { parent, pinst, read, echo };
}

rule('Introduction', 1, 'jobs run on several CPUs at once, and keep their order', async () => {
  const { ps } = setUp();
  const gate = fixture.gate();
  const order: number[] = [];
  const job = (i: number): Job => ({ parallel: nativeFunction(gate.fn), serial: () => order.push(i) });
  const count = 2 * here.length;
  for (let i = 0; i < count; i++) expect(submit(ps, job(i))).toBe(0);
  await until(() => gate.counts().waiting === here.length, 'a job on each CPU');
  expect(order).toEqual([]);
  gate.open();
  await within(ps.drain(), 'drain');
  expect(order).toEqual(Array.from({ length: count }, (_, i) => i));
});

rule('Introduction', 2, 'large numbers of packets are encrypted, and none is reordered', async () => {
  const { ps } = setUp();
  const key = randomBytes(32);
  using gcm = aead('gcm(aes)', key);
  const order: number[] = [];
  const request = (i: number): Job => {
    const iv = Buffer.alloc(12);
    iv.writeUInt32BE(i);
    const data = { iv, data: Buffer.alloc(1 + ((i * 997) % 1500)) }; // long and short ones in turn
    return {
      parallel: gcm.encrypt,
      data,
      serial: (job) => order.push((job.result as Uint8Array).length > 16 ? i : -1),
    };
  };
  for (let i = 0; i < 5000; i++) expect(submit(ps, request(i))).toBe(0);
  await within(ps.drain(), 'drain');
  expect(order).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

rule('Initializing', 1, 'an instance controls how all of its jobs are run', () => {
  const { pinst, ps } = setUp();
  const other = padata_alloc_shell(pinst)!;
  padata_stop(pinst);
  for (const shell of [ps, other]) expect(submit(shell, { parallel: noop, serial() {} })).toBe(-EINVAL);
});

rule('Initializing', 2, 'the name identifies the instance', () => {
  const { pinst } = setUp();
  expect(pinst.name).toBe('conformance');
  expect(pinst.stats().name).toBe('conformance');
});

rule('Initializing', 3, 'with a shell an instance is complete: it takes jobs', async () => {
  const pinst = padata_alloc('complete')!;
  const ps = padata_alloc_shell(pinst)!;
  expect(submit(ps, { parallel: noop, serial() {} })).toBe(0);
  await within(ps.drain(), 'drain');
  expect([padata_free_shell(ps), padata_free(pinst)]).toEqual([0, 0]);
});

rule('Initializing', 4, 'jobs are submitted to a shell, whose series waits for no other series', async () => {
  const { pinst, ps } = setUp();
  const other = padata_alloc_shell(pinst)!;
  const stuck: Job = { parallel() {}, serial() {} };
  let delivered = 0;
  expect(submit(ps, stuck)).toBe(0);
  expect(submit(ps, { parallel: noop, serial: () => delivered++ })).toBe(0); // has to wait
  for (let i = 0; i < 100; i++) expect(submit(other, { parallel: noop, serial: () => delivered++ })).toBe(0);
  await within(other.drain(), 'drain');
  expect(delivered).toBe(100);
  expect(padata_do_serial(stuck)).toBe(0);
  await within(ps.drain(), 'drain');
  expect(delivered).toBe(101);
});

rule('Initializing', 5, 'an instance may have any number of shells, each with an order of its own', async () => {
  const { pinst } = setUp();
  const shells = Array.from({ length: 10 }, () => padata_alloc_shell(pinst)!);
  const orders = shells.map((): number[] => []);
  for (let i = 0; i < 100; i++) {
    shells.forEach((ps, at) => void submit(ps, { parallel: noop, serial: () => orders[at]!.push(i) }));
  }
  await within(Promise.all(shells.map((ps) => ps.drain())), 'drain');
  expect(orders).toEqual(shells.map(() => Array.from({ length: 100 }, (_, i) => i)));
});

rule('Modifying cpumasks', 1, 'masks are changed by a call, or by files: with the same effect', async () => {
  const { pinst, echo } = withFiles();
  expect(padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, [0])).toBe(0);
  echo('1', 'serial_cpumask');
  await until(() => pinst.cpumask.serial.toList() === '0', 'the write');
  expect(pinst.cpumask.parallel.toList()).toBe('0');
});

rule('Modifying cpumasks', 3, 'the parallel mask says where jobs are executed', async () => {
  const { pinst, ps } = setUp();
  for (const cpu of here) {
    expect(padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, [cpu])).toBe(0);
    const { runningCpu } = await whereOf(native('where'), (job) => submit(ps, job));
    expect(runningCpu).toBe(cpu);
  }
});

rule(
  'Modifying cpumasks',
  3,
  'the serial mask says which CPUs may be the serialization callback processor',
  async () => {
    const { pinst, ps } = setUp();
    for (const cpu of here) {
      expect(padata_set_cpumask(pinst, PADATA_CPU_SERIAL, [cpu])).toBe(0);
      const cb_cpu = { value: OFFLINE };
      expect(padata_do_parallel(ps, { parallel: noop, serial() {} }, cb_cpu)).toBe(0);
      expect(cb_cpu.value).toBe(cpu);
    }
    await within(ps.drain(), 'drain');
  },
);

rule('Modifying cpumasks', 3, 'the type is one of the two, and anything else is refused', () => {
  const { pinst } = setUp();
  for (const type of [0, PADATA_CPU_PARALLEL | PADATA_CPU_SERIAL, 4, -1, 'parallel' as never]) {
    expect(padata_set_cpumask(pinst, type, [lastCpu])).toBe(-EINVAL);
  }
  expect(pinst.cpumask.parallel.equals(cpus.possible())).toBe(true);
  expect(pinst.cpumask.serial.equals(cpus.possible())).toBe(true);
});

rule('Modifying cpumasks', 4, 'the mask that is given takes the place of the old one', () => {
  const { pinst } = setUp();
  for (const mask of ['0-3', '2', '', '1,5-7']) {
    expect(padata_set_cpumask(pinst, PADATA_CPU_SERIAL, mask)).toBe(0);
    expect(pinst.cpumask.serial.toList()).toBe(mask);
  }
});

rule('Modifying cpumasks', 5, 'an instance may have files for its masks, or none', () => {
  expect(withFiles().pinst.controlDirectory).toBeDefined();
  expect(setUp().pinst.controlDirectory).toBeUndefined();
});

rule('Modifying cpumasks', 6, 'the files are in a directory with the name of the instance', () => {
  const { parent, pinst } = withFiles();
  expect(pinst.controlDirectory).toBe(join(parent, 'pencrypt'));
});

rule(
  'Modifying cpumasks',
  7,
  'there is a file for each mask, and writing a bitmask to it changes that mask',
  async () => {
    const { parent, pinst, echo } = withFiles();
    for (const type of ['parallel', 'serial'] as const) {
      expect(existsSync(join(parent, 'pencrypt', `${type}_cpumask`))).toBe(true);
      echo(CpuMask.of(firstCpu).toString(), `${type}_cpumask`);
      await until(() => pinst.cpumask[type].toList() === `${firstCpu}`, `the write of ${type}_cpumask`);
    }
  },
);

rule('Modifying cpumasks', 8, 'a file shows the user-supplied mask, not the usable one', () => {
  const { pinst, read } = withFiles();
  expect(padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, [firstCpu, OFFLINE])).toBe(0);
  expect(read('parallel_cpumask')).toBe(`${pinst.cpumask.parallel}\n`);
  expect(pinst.cpumask.parallel.has(OFFLINE)).toBe(true);
  expect([...pinst.usable.parallel]).toEqual([firstCpu]);
});

rule('Modifying cpumasks', 9, 'there are user-supplied masks and usable ones, side by side', () => {
  const { pinst } = setUp();
  padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, [lastCpu, OFFLINE]);
  expect([...pinst.cpumask.parallel]).toEqual([lastCpu, OFFLINE]);
  expect([...pinst.usable.parallel]).toEqual([lastCpu]);
});

rule('Modifying cpumasks', 10, 'each pair is a parallel and a serial mask, changed one at a time', () => {
  const { pinst } = setUp();
  padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, [lastCpu, OFFLINE]);
  padata_set_cpumask(pinst, PADATA_CPU_SERIAL, [firstCpu, OFFLINE + 1]);
  expect([...pinst.cpumask.parallel]).toEqual([lastCpu, OFFLINE]);
  expect([...pinst.cpumask.serial]).toEqual([firstCpu, OFFLINE + 1]);
  expect([[...pinst.usable.parallel], [...pinst.usable.serial]]).toEqual([[lastCpu], [firstCpu]]);
});

rule('Modifying cpumasks', 11, 'user-supplied masks are all possible CPUs until they are changed', () => {
  const { pinst } = setUp();
  expect(pinst.cpumask.parallel.equals(cpus.possible())).toBe(true);
  expect(pinst.cpumask.serial.equals(cpus.possible())).toBe(true);
  padata_set_cpumask(pinst, PADATA_CPU_SERIAL, [lastCpu]);
  expect([...pinst.cpumask.serial]).toEqual([lastCpu]);
});

rule('Modifying cpumasks', 12, 'usable are those user-supplied CPUs that are online, and these are used', async () => {
  const { pinst, ps } = setUp();
  padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, [lastCpu, OFFLINE]);
  padata_set_cpumask(pinst, PADATA_CPU_SERIAL, [firstCpu, OFFLINE]);
  expect(pinst.usable.parallel.andNot(cpus.online()).isEmpty()).toBe(true);
  expect(pinst.usable.parallel.andNot(pinst.cpumask.parallel).isEmpty()).toBe(true);
  const where = await whereOf(native('where'), (job) => submit(ps, job, OFFLINE));
  expect(where).toMatchObject({ runningCpu: lastCpu, cbCpu: firstCpu });
});

rule('Modifying cpumasks', 13, 'a mask may have offline CPUs in it, or nothing else', () => {
  const { pinst } = setUp();
  for (const type of [PADATA_CPU_PARALLEL, PADATA_CPU_SERIAL]) {
    expect(padata_set_cpumask(pinst, type, [firstCpu, OFFLINE])).toBe(0);
    expect(padata_set_cpumask(pinst, type, [OFFLINE])).toBe(0);
  }
});

rule('Modifying cpumasks', 14, 'a CPU of the mask that comes is used from then on', async () => {
  if (here.length === 1) return console.log('skipped: one CPU only, so that none can go and come');
  expect(await runScript('kernel-masks.cjs', ['away', '2020'])).toMatchObject(ends(0, '{"set":0}\n'));
});

rule(
  'Modifying cpumasks',
  15,
  'masks can be changed while jobs run, and no job is lost or reordered by it',
  async () => {
    const { pinst, ps } = setUp();
    const order: number[] = [];
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 100; i++) submit(ps, { parallel: noop, serial: () => order.push(round * 100 + i) });
      expect(padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, [here[round % here.length]!])).toBe(0);
      await turns(1);
    }
    await within(ps.drain(), 'drain');
    expect(order).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  },
);
