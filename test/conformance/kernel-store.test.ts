/**
 * 450 texts that were written to the cpumask files of a real kernel's padata, through the mask functions of both kernel APIs: what is accepted,
 * what the user-supplied mask is then, and whether a job is accepted afterwards (`runs`).
 *
 * That depends on the CPUs of the machine, 4 or 72 in the rows, so a mask is set twice: as it is, to be read back; and translated, to be
 * used: a CPU that was online there stands for one that is usable here, and any other for one that this machine does not have.
 *
 * One decision, a slip of the kernel's parser: see cpumask-store.test.ts.
 */
import { readFileSync } from 'node:fs';
import { CpuMask, type PadataError } from 'padata';
import { noop } from 'padata/functions';
import * as kernel from 'padata/kernel';
import * as first from 'padata/kernel/2.6.34';
import { afterAll, describe, expect, it } from 'vitest';
import { OFFLINE } from '../support/kernel.js';
import { firstCpu, here } from '../support/padata.js';
import { sharedFile } from '../support/shared.js';

interface Row {
  nr_cpu_ids: number;
  online: string;
  before: string;
  /** Latin-1. */
  input: string;
  result: string;
  readback: string;
  runs: boolean;
}

/** The most that one write to a file in sysfs takes. */
const MAX_WRITE = 4096;
const SLIP = /[^0-9a-fA-F, \t\v\f\r\xa0][0-9a-fA-F]{8}(?![0-9a-fA-F])/;
const job = { parallel: noop, serial() {} };

/** The mask after the write, and the name of the errno if it was refused. */
function written({ nr_cpu_ids, before, input }: Row): { mask: CpuMask; refusal?: string } {
  const old = CpuMask.parse(before, nr_cpu_ids);
  if (input === '') return { mask: old };
  try {
    return { mask: CpuMask.parse(input.slice(0, MAX_WRITE), nr_cpu_ids) };
  } catch (error) {
    return { mask: old, refusal: (error as PadataError).code };
  }
}

function translated(mask: CpuMask, online: string): CpuMask {
  const isOnline = CpuMask.parseList(online);
  return CpuMask.from([...mask].map((cpu) => (isOnline.has(cpu) ? here[cpu % here.length]! : OFFLINE + cpu)));
}

const path = sharedFile('data/cpumask-store.jsonl');

describe.skipIf(path === undefined)('masks of a real kernel', () => {
  const lines = path === undefined ? [] : readFileSync(path, 'utf8').trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Row);
  const pinst = kernel.padata_alloc('store')!;
  const ps = kernel.padata_alloc_shell(pinst)!;
  const wq = first.alloc_workqueue('store')!;
  const old = first.padata_alloc(here, wq)!;
  first.padata_start(old);

  afterAll(async () => {
    await pinst.close();
    first.padata_free(old);
  });

  const expected = (row: Row) => {
    const slips = SLIP.test(row.input.split(/[\n\0]/)[0]!) && row.result.startsWith('ok');
    if (slips) return { refusal: 'EINVAL', readback: row.before };
    return { refusal: row.result.startsWith('ok') ? undefined : row.result, readback: row.readback };
  };

  it('has all rows', () => expect(rows.length).toBeGreaterThanOrEqual(450));

  const cases = rows.map((row, i) => [i + 1, row.nr_cpu_ids, row.input.slice(0, 40), row] as const);

  it.each(cases)('2020, row %i: %i CPUs, %j', async (_number, nrCpus, _input, row) => {
    const { mask, refusal } = written(row);
    for (const type of [kernel.PADATA_CPU_PARALLEL, kernel.PADATA_CPU_SERIAL]) {
      const name = type === kernel.PADATA_CPU_PARALLEL ? 'parallel' : 'serial';
      expect(kernel.padata_set_cpumask(pinst, type, mask)).toBe(0);
      expect({ refusal, readback: `${pinst.cpumask[name].toString(nrCpus)}\n` }).toEqual(expected(row));
      expect(kernel.padata_set_cpumask(pinst, type, translated(mask, row.online))).toBe(0);
      expect(kernel.padata_do_parallel(ps, job, { value: firstCpu })).toBe(row.runs ? 0 : -kernel.EINVAL);
      expect(kernel.padata_set_cpumask(pinst, type, here)).toBe(0);
    }
    await ps.drain();
  });

  it.each(cases)('2.6.34, row %i: %i CPUs, %j', (_number, nrCpus, _input, row) => {
    const { mask, refusal } = written(row);
    expect(first.padata_set_cpumask(old, mask)).toBe(0);
    expect({ refusal, readback: `${old.cpumask.toString(nrCpus)}\n` }).toEqual(expected(row));
    expect(first.padata_set_cpumask(old, translated(mask, row.online))).toBe(0);
    const cpu = old.usable.first() ?? firstCpu;
    expect(first.padata_do_parallel(old, job, cpu)).toBe(row.runs ? -first.EINPROGRESS : -first.EINVAL);
    expect(first.padata_set_cpumask(old, here)).toBe(0);
  });
});
