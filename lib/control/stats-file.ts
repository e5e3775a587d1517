/** The file `stats`: what `stats().cpus` of the instance said at its last slow look, for `padata cpus`. */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { CpuStats } from '../internal/instance-port.js';
import { readSmall, replaceFile } from './safe-file.js';

/** The name of the file. */
export const STATS_FILE = 'stats';
/** More than 8192 CPUs need. */
const MAX_BYTES = 2 ** 21;

/** `CpuStats` as JSON has it. */
export type CpuRow = Omit<CpuStats, 'usableSince'> & { usableSince?: string };

export class StatsFile {
  readonly #path: string;
  #text = '';
  #writes = 0;

  constructor(directory: string) {
    this.#path = join(directory, STATS_FILE);
  }

  /** Writes what has changed. */
  show(cpus: readonly CpuStats[]): void {
    const text = `${JSON.stringify(cpus)}\n`;
    if (text === this.#text) return;
    closeSync(replaceFile(this.#path, text, `${this.#path}.${this.#writes++}.new`));
    this.#text = text;
  }
}

/** What the file of a directory says; empty if there is none, or none that makes sense. */
export function readStats(directory: string): CpuRow[] {
  try {
    const rows: unknown = JSON.parse(readSmall(join(directory, STATS_FILE), MAX_BYTES) ?? '[]');
    return Array.isArray(rows) ? rows.filter(isRow) : [];
  } catch {
    return [];
  }
}

function isRow(row: Partial<CpuRow> | null): row is CpuRow {
  const numbers = [row?.cpu, row?.jobs, row?.pinsLost, row?.pinsRestored];
  const since = row?.usableSince;
  return numbers.every(Number.isSafeInteger) && (since === undefined || !Number.isNaN(Date.parse(since)));
}
