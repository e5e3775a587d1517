/** Rules of the kernel's document on padata, by its sections, and of DESIGN.md section 5, "Kernel rules to keep". */
import { CpuMask, cpus, type Job, Padata, type Shell } from 'padata';
import { noop } from 'padata/functions';
import { describe, expect, it } from 'vitest';
import { InstancePort } from '../../dist/internal/instance-port.js';
import { InstanceFlag, InstanceWord } from '../../dist/internal/layout.js';
import { firstCpu, here, instance, lastCpu, native, turns, until, within } from '../support/padata.js';

const job = (): Job => ({ parallel: noop, serial: () => {} });
const einval = expect.objectContaining({ name: 'PadataError', code: 'EINVAL', errno: -22, syscall: 'doParallel' });

/** What doParallel throws. */
function refusal(shell: Shell, cbCpu?: number): unknown {
  try {
    shell.doParallel(job(), cbCpu);
  } catch (error) {
    return error;
  }
  return 'accepted';
}

describe('Initializing: padata_alloc', () => {
  it('takes all possible CPUs as user-supplied masks, and uses those that are online and allowed', () => {
    const padata = instance();
    for (const type of ['parallel', 'serial'] as const) {
      expect(padata.cpumask[type].equals(cpus.possible())).toBe(true);
      expect(padata.usable[type].equals(cpus.online().and(cpus.allowed()))).toBe(true);
    }
    expect(padata.state).toBe('running');
  });

  it('keeps CPUs in a user-supplied mask that this machine does not have', () => {
    const padata = instance({ parallel: [firstCpu, 4000], serial: '0-2047' });
    expect(padata.cpumask.parallel.toList()).toBe(CpuMask.of(firstCpu, 4000).toList());
    expect(padata.cpumask.serial.weight).toBe(2048);
    expect([...padata.usable.parallel]).toEqual([firstCpu]);
    expect([...padata.usable.serial]).toEqual([...here]);
  });
});

describe('Running A Job: what padata_do_parallel returns', () => {
  it('-EINVAL for an instance that is stopped; start makes it run again', async () => {
    const padata = instance();
    const shell = padata.createShell();
    padata.stop();
    expect(padata.state).toBe('stopped');
    expect(refusal(shell)).toEqual(einval);
    expect(shell.pending).toBe(0);
    padata.start();
    expect(padata.state).toBe('running');
    expect(refusal(shell)).toBe('accepted');
    await shell.drain();
  });

  it('completes what was accepted before the instance was stopped', async () => {
    const padata = instance();
    const shell = padata.createShell();
    let serialCalls = 0;
    for (let i = 0; i < 1000; i++) shell.doParallel({ parallel: noop, serial: () => serialCalls++ });
    padata.stop();
    await within(shell.drain(), 'drain');
    expect(serialCalls).toBe(1000);
  });

  it.each(['parallel', 'serial'] as const)('-EINVAL while the usable %s mask is empty', async (type) => {
    const padata = instance();
    const shell = padata.createShell();
    padata.setCpumask(type, []);
    expect(padata.state).toBe('invalid');
    expect(refusal(shell)).toEqual(einval);
    expect(refusal(shell, 0)).toEqual(einval);
    padata.setCpumask(type, here);
    expect(padata.state).toBe('running');
    expect(refusal(shell)).toBe('accepted');
    await shell.drain();
  });

  it('-EBUSY while the masks are being changed', () => {
    const masks = { parallel: cpus.possible(), serial: cpus.possible() };
    const noIsolates = () => {
      throw new Error('no module function is used here');
    };
    const owner = new InstancePort('busy', masks, 1000, () => {}, noIsolates);
    expect(() => owner.checkAccepting()).not.toThrow();
    Atomics.or(owner.control, InstanceWord.FLAGS, InstanceFlag.CHANGING); // what a thread that follows hotplug does
    expect(() => owner.checkAccepting()).toThrow(expect.objectContaining({ code: 'EBUSY', errno: -16 }));
    owner.close();
  });
});

describe('Running A Job: cb_cpu', () => {
  it('is kept if it is in the usable serial mask', async () => {
    const shell = instance().createShell();
    for (const cpu of here) expect(shell.doParallel(job(), cpu)).toBe(cpu);
    await shell.drain();
  });

  it('is replaced by the one at index cb_cpu % weight of the mask if it is not', async () => {
    const padata = instance();
    const shell = padata.createShell();
    for (const cbCpu of [4096, 4097, 4098, 2 ** 31 - 1]) {
      expect(shell.doParallel(job(), cbCpu)).toBe(here[cbCpu % here.length]);
    }
    padata.setCpumask('serial', [lastCpu]);
    for (const cbCpu of [0, 1, 2, 77]) expect(shell.doParallel(job(), cbCpu)).toBe(lastCpu);
    await shell.drain();
  });

  it('is the shell’s own if it is omitted: shells take turns over the usable serial mask', async () => {
    const padata = instance();
    const shells = Array.from({ length: 2 * here.length + 1 }, () => padata.createShell());
    const chosen = shells.map((shell) => shell.doParallel(job()));
    expect(chosen).toEqual(shells.map((_, i) => here[i % here.length]));
    expect(shells.map((shell) => shell.doParallel(job()))).toEqual(chosen);
    await Promise.all(shells.map((shell) => shell.drain()));
  });

  it('of jobs that are in flight stays what was returned when the mask is changed', async () => {
    const padata = instance();
    const shell = padata.createShell();
    const serial = native('nothing');
    const stuck: Job = { parallel: () => {}, serial: () => {} };
    shell.doParallel(stuck);
    expect(shell.doParallel({ parallel: noop, serial }, lastCpu)).toBe(lastCpu);
    padata.setCpumask('serial', [firstCpu]);
    shell.doSerial(stuck);
    await within(shell.drain(), 'drain');
  });
});

describe('Modifying cpumasks', () => {
  it('accepts a mask without usable CPUs; accepted jobs wait until there is one again', async () => {
    const padata = instance();
    const shell = padata.createShell();
    let delivered = 0;
    const submit = () => {
      for (let i = 0; i < 2000; i++) shell.doParallel({ parallel: noop, serial: () => delivered++ });
    };
    submit();
    padata.setCpumask('parallel', []);
    await turns();
    padata.setCpumask('parallel', [firstCpu]);
    submit();
    await within(shell.drain(), 'drain');
    expect(delivered).toBe(4000);
  });

  it('changes one mask and leaves the other alone', () => {
    const padata = instance();
    padata.setCpumask('parallel', [lastCpu]);
    expect(padata.cpumask.parallel.toList()).toBe(String(lastCpu));
    expect(padata.cpumask.serial.equals(cpus.possible())).toBe(true);
    expect([...padata.usable.parallel]).toEqual([lastCpu]);
    expect([...padata.usable.serial]).toEqual([...here]);
  });

  it('works on a stopped instance', () => {
    const padata = instance();
    padata.stop();
    padata.setCpumask('parallel', [lastCpu]);
    expect([...padata.usable.parallel]).toEqual([lastCpu]);
    expect(padata.state).toBe('stopped');
  });
});

describe('Destroying: padata_free', () => {
  it('is refused with -EBUSY while there are shells, and they while jobs are pending', async () => {
    const padata = new Padata('freed');
    const shell = padata.createShell();
    const stuck: Job = { parallel: () => {}, serial: () => {} };
    shell.doParallel(stuck);
    expect(() => padata.free()).toThrow(expect.objectContaining({ code: 'EBUSY', errno: -16, syscall: 'padata_free' }));
    expect(() => shell.free()).toThrow(expect.objectContaining({ code: 'EBUSY', syscall: 'padata_free_shell' }));
    expect(padata.state).toBe('running'); // nothing was changed
    await turns();
    shell.doSerial(stuck);
    await until(() => shell.pending === 0, 'serial()');
    shell.free();
    padata.free();
    expect(padata.state).toBe('stopped');
  });
});
