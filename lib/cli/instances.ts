import { type Instance, listInstances, readMask } from '../control/instances.js';
import type { Command } from './command.js';
import { parse, STATUS } from './command.js';
import { table } from './text.js';

const help = `Usage: padata instances [--directory DIR] [--json]

Shows the instances of this user that have control files (the option "control" of new Padata()), and their user-supplied
cpumasks, as lists ("0-3,8"). "padata mask" changes them.

Options:
  --directory DIR  those that were made with control: DIR, instead of control: true
  --json           print a JSON array of objects: pid, name, directory, parallel, serial
  -h, --help       print this`;

/** A row for programs. A mask is null while somebody writes its file. */
export interface InstanceRow {
  pid: number;
  name: string;
  directory: string;
  parallel: string | null;
  serial: string | null;
}

/** What is told of an instance. */
export function rowOf(instance: Instance): InstanceRow {
  const list = (type: 'parallel' | 'serial') => readMask(instance, type)?.toList() ?? null;
  return { ...instance, parallel: list('parallel'), serial: list('serial') };
}

/** A mask for people. */
export function maskText(list: string | null): string {
  return list === null ? 'being written' : list || 'none';
}

/** A name for people, which cannot do anything to their terminal. */
export function nameText(name: string): string {
  return /^[^\s"\p{C}]+$/u.test(name) ? name : JSON.stringify(name).replaceAll(/\p{C}/gu, escaped);
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}

function text(rows: InstanceRow[]): string {
  if (rows.length === 0) return 'no instance has control files here';
  const cells = rows.map((row) => [String(row.pid), nameText(row.name), maskText(row.parallel), maskText(row.serial)]);
  return table([['PID', 'NAME', 'PARALLEL', 'SERIAL'], ...cells]);
}

/** `padata instances`. */
export const instancesCommand: Command = {
  summary: 'show the instances of this user that have control files, and their cpumasks',
  help,
  async run(args) {
    const options = { directory: { type: 'string' }, json: { type: 'boolean', default: false } } as const;
    const { values } = parse({ args, options });
    const rows = listInstances(values.directory).map(rowOf);
    process.stdout.write(`${values.json ? JSON.stringify(rows) : text(rows)}\n`);
    return STATUS.ok;
  },
};
