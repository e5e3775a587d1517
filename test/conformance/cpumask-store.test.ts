/**
 * 450 texts that were written to the cpumask files of a real kernel's padata (Documentation/core-api/padata.rst,
 * pcrypt's files in sysfs), and what came of each: result, what is read back, and whether the instance then runs.
 *
 * One decision: the kernel's parser overlooks a character that is no hexadecimal digit directly in front of a word of
 * eight digits. CpuMask.parse refuses it with EINVAL, because it is a slip and no format. A row that shows the slip is
 * expected to differ in exactly that.
 */
import { readFileSync } from 'node:fs';
import { CpuMask, PadataError } from 'padata';
import { describe, expect, it } from 'vitest';
import { sharedFile } from '../support/shared.js';

interface Row {
  nr_cpu_ids: number;
  online: string;
  before: string;
  /** Latin-1. */
  input: string;
  /** `ok` and the bytes taken, or the name of an errno. */
  result: string;
  readback: string;
  runs: boolean;
}

/** The most that one write to a file in sysfs takes. */
const MAX_WRITE = 4096;
const SLIP = /[^0-9a-fA-F, \t\v\f\r\xa0][0-9a-fA-F]{8}(?![0-9a-fA-F])/;

/** What a cpumask file would do with the text, were it made of CpuMask. */
function store(row: Row): Pick<Row, 'result' | 'readback' | 'runs'> {
  let mask = CpuMask.parse(row.before, row.nr_cpu_ids);
  let result = `ok ${Math.min(row.input.length, MAX_WRITE)}`;
  try {
    const parsed = CpuMask.parse(row.input.slice(0, MAX_WRITE), row.nr_cpu_ids);
    if (row.input !== '') mask = parsed; // an empty write changes nothing
  } catch (error) {
    result = (error as PadataError).code;
  }
  return { result, readback: `${mask.toString(row.nr_cpu_ids)}\n`, runs: !mask.and(row.online).isEmpty() };
}

const path = sharedFile('data/cpumask-store.jsonl');

describe.skipIf(path === undefined)('writes to a cpumask file', () => {
  const lines = path === undefined ? [] : readFileSync(path, 'utf8').trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Row);

  it('has all rows', () => expect(rows.length).toBeGreaterThanOrEqual(450));

  it.each(rows.map((row, i) => [i + 1, row.nr_cpu_ids, row.input.slice(0, 40), row] as const))(
    'row %i: %i CPUs, %j',
    (_number, _nrCpus, _input, row) => {
      const slips = SLIP.test(row.input.split(/[\n\0]/)[0]!) && row.result.startsWith('ok');
      const kernel = { result: row.result, readback: row.readback, runs: row.runs };
      const expected = slips ? { result: 'EINVAL', readback: row.before } : kernel;
      expect(store(row)).toMatchObject(expected);
    },
  );
});

describe('the slip of the kernel', () => {
  it.each(['x0000000f', '0x0000000f', '1;0000000f', '-00000001'])('%s is refused', (text) => {
    expect(() => CpuMask.parse(text, 64)).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'CpuMask.parse' }),
    );
    expect(() => CpuMask.parse(text, 64)).toThrow(PadataError);
  });
});
