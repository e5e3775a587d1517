/**
 * Texts in the list format ("List of CPUs" in the kernel's Documentation/admin-guide/kernel-parameters.rst; cpuset(7),
 * "List format") and what a kernel 6.1 with 40 possible CPUs, 4 of them online, made of them. See
 * cpumask-list.record.mjs.
 *
 * Two decisions, both about slips of the kernel's parser: behind a group it asks for no separator ("0-3:1/2N" is two
 * entries to it), here that is EINVAL; and CPU 4294967295 is EINVAL to it, by an overflow, where every other CPU that
 * is too high is ERANGE.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CpuMask, type PadataError } from 'padata';
import { describe, expect, it } from 'vitest';

interface Row {
  nr_cpu_ids: number;
  online: string;
  file: 'cpuset.cpus' | 'smp_affinity_list';
  /** Latin-1. */
  input: string;
  /** `ok`, or the name of an errno. */
  result: string;
  /** If the text was accepted. */
  readback?: string;
}

const DECISIONS: Record<string, string> = {
  '0-3:1/2N': 'EINVAL',
  '0-3:1/2all': 'EINVAL',
  '4294967295': 'ERANGE',
  '0-4294967295': 'ERANGE',
};

function parse(row: Row): { result: string; mask?: CpuMask } {
  try {
    return { result: 'ok', mask: CpuMask.parseList(row.input, row.nr_cpu_ids) };
  } catch (error) {
    return { result: (error as PadataError).code };
  }
}

/** What the file would do with the text, were it made of CpuMask. */
function store(row: Row): Pick<Row, 'result' | 'readback'> {
  const { result, mask } = parse(row);
  if (mask === undefined) return { result };
  // An interrupt needs a CPU that is online; an empty write to its file is none.
  if (row.file === 'smp_affinity_list' && row.input !== '' && mask.and(row.online).isEmpty())
    return { result: 'EINVAL' };
  const readback = row.file === 'smp_affinity_list' && row.input === '' ? '0-1\n' : `${mask.toList()}\n`;
  return { result, readback };
}

const lines = readFileSync(join(import.meta.dirname, 'data/cpumask-list.jsonl'), 'utf8')
  .trim()
  .split('\n');
const rows = lines.map((line) => JSON.parse(line) as Row);

describe('writes to a file that takes lists', () => {
  it('has all rows', () => expect(rows).toHaveLength(382));

  it.each(rows.map((row, i) => [i + 1, row.file, row.input.slice(0, 40), row] as const))(
    'row %i: %s, %j',
    (_number, _file, _input, row) => {
      const decision = DECISIONS[row.input];
      const kernel = row.result === 'ok' ? { result: 'ok', readback: row.readback } : { result: row.result };
      expect(store(row)).toEqual(decision === undefined ? kernel : { result: decision });
      if (decision !== undefined) expect(row.result).not.toBe(decision); // else there is nothing to decide
    },
  );
});
