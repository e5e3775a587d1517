/** "The padata parallel execution mechanism, last updated for 2.6.34", by paragraphs: instances and their masks. See docs/conformance.md. */
import { randomBytes } from 'node:crypto';
import { type Job, nativeFunction } from 'padata';
import { noop } from 'padata/functions';
import {
  alloc_workqueue,
  destroy_workqueue,
  EINPROGRESS,
  EINVAL,
  padata_add_cpu,
  padata_alloc,
  padata_do_parallel,
  padata_free,
  padata_remove_cpu,
  padata_set_cpumask,
  padata_start,
  padata_stop,
} from 'padata/kernel/2.6.34';
import { aead } from 'padata/pcrypt';
import { expect } from 'vitest';
import { fixture } from '../fixtures/native-addon/index.js';
import { OFFLINE, setUpFirst, whereOf } from '../support/kernel.js';
import { firstCpu, here, lastCpu, native, turns, until, wrong } from '../support/padata.js';
import { rulesOf } from '../support/sentences.js';

const rule = rulesOf('2.6.34');
const nothing = (): Job => ({ parallel: noop, serial() {} });
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

rule('paragraph 1', 1, 'work is done on several CPUs at once, and tasks keep their order', async () => {
  const pinst = setUpFirst();
  const gate = fixture.gate();
  const order: number[] = [];
  const task = (i: number): Job => ({ parallel: nativeFunction(gate.fn), serial: () => order.push(i) });
  const count = 2 * here.length;
  for (let i = 0; i < count; i++) expect(padata_do_parallel(pinst, task(i), firstCpu)).toBe(-EINPROGRESS);
  await until(() => gate.counts().waiting === here.length, 'a task on each CPU');
  expect(order).toEqual([]);
  gate.open();
  padata_free(pinst);
  expect(order).toEqual(upTo(count));
});

rule('paragraph 1', 2, 'large numbers of packets are encrypted, and none is reordered', () => {
  const pinst = setUpFirst();
  using gcm = aead('gcm(aes)', randomBytes(32));
  const order: number[] = [];
  const task = (i: number): Job => {
    const iv = Buffer.alloc(12);
    iv.writeUInt32BE(i);
    return { parallel: gcm.encrypt, data: { iv, data: Buffer.alloc((i * 997) % 1500) }, serial: () => order.push(i) };
  };
  for (let i = 0; i < 5000; i++) expect(padata_do_parallel(pinst, task(i), firstCpu)).toBe(-EINPROGRESS);
  padata_free(pinst);
  expect(order).toEqual(upTo(5000));
});

rule('paragraph 2', 1, 'an instance controls how all of its tasks are run', () => {
  const wq = alloc_workqueue('control')!;
  const pinst = padata_alloc([firstCpu], wq)!;
  expect(pinst).toMatchObject({ isStarted: false, pending: 0 });
  expect([...pinst.cpumask]).toEqual([firstCpu]);
  padata_free(pinst);
  expect(destroy_workqueue(wq)).toBe(0);
});

rule('paragraph 3', 1, 'the mask says which processors execute the work', async () => {
  for (const cpu of here) {
    const pinst = setUpFirst([cpu, OFFLINE]);
    const { runningCpu } = await whereOf(native('where'), (task) => padata_do_parallel(pinst, task, cpu));
    expect(runningCpu).toBe(cpu);
  }
});

rule(
  'paragraph 3',
  2,
  'the work is done by the threads of the workqueue, of which there is one for each CPU',
  async () => {
    const wq = alloc_workqueue('threads')!;
    expect([...wq.cpus]).toEqual(here);
    for (const cpu of here) {
      const pinst = padata_alloc([cpu], wq)!;
      padata_start(pinst);
      expect(wq.users).toBe(1);
      const where = await whereOf(native('where'), (task) => padata_do_parallel(pinst, task, cpu));
      expect(where).toMatchObject({ threadName: `padata/p${cpu}`, affinity: [cpu] });
      padata_free(pinst);
    }
    expect(destroy_workqueue(wq)).toBe(0);
  },
);

rule('paragraph 4', 1, 'there is a function that enables an instance, and one that disables it', () => {
  const pinst = setUpFirst();
  expect(padata_do_parallel(pinst, nothing(), firstCpu)).toBe(-EINPROGRESS);
  expect([padata_stop(pinst), padata_do_parallel(pinst, nothing(), firstCpu)]).toEqual([0, 0]);
  expect([padata_start(pinst), padata_do_parallel(pinst, nothing(), firstCpu)]).toEqual([0, -EINPROGRESS]);
});

rule(
  'paragraph 5',
  1,
  'both only change a flag: without it submission is refused, and what was accepted goes on',
  async () => {
    const pinst = setUpFirst();
    let calls = 0;
    const usable = pinst.usable;
    for (let i = 0; i < 100; i++) padata_do_parallel(pinst, { parallel: noop, serial: () => calls++ }, firstCpu);
    padata_stop(pinst);
    padata_stop(pinst);
    expect(pinst.isStarted).toBe(false);
    expect(padata_do_parallel(pinst, nothing(), firstCpu)).toBe(0);
    await until(() => calls === 100, 'serial()');
    expect(pinst.usable.equals(usable)).toBe(true);
  },
);

rule('paragraph 6', 1, 'the CPUs can be set all at once, or added and removed one by one', async () => {
  const pinst = setUpFirst([]);
  const cpusOf = async (cpu: number) =>
    (await whereOf(native('where'), (task) => padata_do_parallel(pinst, task, cpu))).runningCpu;
  expect([padata_add_cpu(pinst, firstCpu), pinst.cpumask.toList()]).toEqual([0, `${firstCpu}`]);
  expect(await cpusOf(firstCpu)).toBe(firstCpu);
  expect([padata_add_cpu(pinst, OFFLINE), pinst.cpumask.has(OFFLINE)]).toEqual([0, true]);
  expect([...pinst.usable]).toEqual([firstCpu]);
  expect([padata_set_cpumask(pinst, [lastCpu, OFFLINE]), [...pinst.usable]]).toEqual([0, [lastCpu]]);
  expect(await cpusOf(lastCpu)).toBe(lastCpu);
  expect([padata_remove_cpu(pinst, OFFLINE), pinst.cpumask.toList()]).toEqual([0, `${lastCpu}`]);
  expect([padata_remove_cpu(pinst, lastCpu), pinst.cpumask.isEmpty()]).toEqual([0, true]);
  expect(padata_do_parallel(pinst, nothing(), lastCpu)).toBe(-EINVAL);
  for (const cpu of [-1, 65536, 0.5, wrong('0')]) {
    expect([padata_add_cpu(pinst, cpu), padata_remove_cpu(pinst, cpu)]).toEqual([-EINVAL, -EINVAL]);
  }
  expect(padata_set_cpumask(pinst, wrong(1))).toBe(-EINVAL);
  expect(padata_set_cpumask(pinst, '0-')).toBe(-EINVAL);
});

rule('paragraph 7', 1, 'the mask can be changed while tasks run, and no task is lost or reordered by it', async () => {
  const pinst = setUpFirst();
  const order: number[] = [];
  for (let round = 0; round < 50; round++) {
    const cpu = here[round % here.length]!;
    expect(padata_set_cpumask(pinst, [cpu])).toBe(0);
    const task = (i: number): Job => ({ parallel: noop, serial: () => order.push(round * 100 + i) });
    for (let i = 0; i < 100; i++) expect(padata_do_parallel(pinst, task(i), cpu)).toBe(-EINPROGRESS);
    await turns(1);
  }
  padata_free(pinst);
  expect(order).toEqual(upTo(5000));
});
