/**
 * The 450 texts that were written to the cpumask files of a real kernel's padata, through control files: by system calls, noticed by the
 * watch of the directory. Same masks, same refusals; the kernel's slip aside, see cpumask-store.test.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { CpuMask } from 'padata';
import { describe, expect, it } from 'vitest';
import { controlFiles, Target } from '../support/control.js';
import { until } from '../support/padata.js';
import { sharedFile } from '../support/shared.js';

interface Row {
  nr_cpu_ids: number;
  before: string;
  /** Latin-1. */
  input: string;
  result: string;
  readback: string;
}

const SLIP = /[^0-9a-fA-F, \t\v\f\r\xa0][0-9a-fA-F]{8}(?![0-9a-fA-F])/;
const path = sharedFile('data/cpumask-store.jsonl');
const file = 'parallel_cpumask';

/** What the row says: the mask that is shown, and the errno name of a refusal. */
function expected({ input, result, readback, before }: Row) {
  const slips = SLIP.test(input.split(/[\n\0]/)[0]!) && result.startsWith('ok');
  if (slips) return { readback: before, refusal: 'EINVAL' };
  return { readback, refusal: result.startsWith('ok') ? undefined : result };
}

describe.skipIf(path === undefined)('writes to a control file', () => {
  const lines = path === undefined ? [] : readFileSync(path, 'utf8').trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Row);

  it('has all rows', () => expect(rows.length).toBeGreaterThanOrEqual(450));

  it.each(rows.map((row, i) => [i + 1, row.nr_cpu_ids, row.input.slice(0, 40), row] as const))(
    'row %i: %i CPUs, %j',
    async (_number, nrCpus, _input, row) => {
      const target = new Target();
      const before = CpuMask.parse(row.before, nrCpus);
      target.cpumask = { parallel: before, serial: before };
      const control = controlFiles({ nrCpus, watches: true, pollMs: 20, graceMs: 20 }, target);
      expect(control.read(file)).toBe(row.before);
      const inode = control.inode(file);
      writeFileSync(control.path(file), row.input, 'latin1');
      await until(() => control.inode(file) !== inode, 'put back');
      expect({ readback: control.read(file), refusal: target.errors[0]?.code }).toEqual(expected(row));
      expect(`${target.cpumask.parallel.toString(nrCpus)}\n`).toBe(expected(row).readback);
      if (row.input === '') expect(target.stores).toEqual([]);
    },
  );
});
