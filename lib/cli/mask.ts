import { type Instance, listInstances } from '../control/instances.js';
import { writeMask } from '../control/write-mask.js';
import { CpuMask } from '../index.js';
import type { Command } from './command.js';
import { parse, STATUS, UsageError } from './command.js';
import { maskText, nameText, rowOf } from './instances.js';
import { table } from './text.js';

const help = `Usage: padata mask [PID/]NAME [parallel|serial] [MASK] [OPTIONS]

Without MASK, shows the user-supplied cpumasks of an instance, or one of them, as lists ("0-3,8"). With MASK, changes one, by its
control file, and waits until the instance has taken it or refused it. "padata instances" shows which there are.

  MASK             a list ("0-3,8", "0-31:1/2") or a bitmap with 0x in front ("0xf"); "" is no CPU at all

Options:
  --directory DIR  the instance was made with control: DIR, instead of control: true
  --wait SECONDS   how long to wait for the instance: more than 0, at most 3600. Default: 5
  --json           print a JSON object, after a change as well: pid, name, directory, parallel, serial
  -h, --help       print this

Exit status: 0 all went well, 1 it failed, or the mask was refused, or nobody answered, 2 the arguments were wrong.`;

const options = {
  directory: { type: 'string' },
  wait: { type: 'string', default: '5' },
  json: { type: 'boolean', default: false },
} as const;

/** What is asked for. */
interface MaskArguments {
  name: string;
  type: 'parallel' | 'serial' | undefined;
  mask: string | undefined;
  directory: string | undefined;
  waitMs: number;
  json: boolean;
}

function parseMaskArguments(args: string[]): MaskArguments {
  const { values, positionals } = parse({ args, options, allowPositionals: true });
  const [name, type, mask, ...more] = positionals;
  if (!name) throw new UsageError('give the name of an instance');
  if (type !== undefined && type !== 'parallel' && type !== 'serial') {
    throw new UsageError(`say which mask, parallel or serial, not ${JSON.stringify(type)}`);
  }
  if (more.length > 0) throw new UsageError(`there is one argument too many: ${more[0]}`);
  return { name, type, mask, directory: values.directory, waitMs: milliseconds(values.wait), json: values.json };
}

function milliseconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= 3600) return seconds * 1000;
  throw new UsageError(`--wait must be a number of seconds, more than 0 and at most 3600, not ${text}`);
}

/** The one instance that is meant. */
function find(wanted: string, directory: string | undefined): Instance {
  const slash = wanted.indexOf('/');
  const pid = slash === -1 ? undefined : wanted.slice(0, slash);
  const name = wanted.slice(slash + 1);
  const found = listInstances(directory).filter((each) => each.name === name && (!pid || String(each.pid) === pid));
  if (found.length === 0) {
    throw new Error(`ENOENT: no instance ${nameText(wanted)} has control files; padata instances shows which have`);
  }
  if (found.length > 1) {
    const names = found.map((each) => `${each.pid}/${nameText(each.name)}`);
    throw new Error(`there are ${found.length} instances of that name; say which: ${names.join(', ')}`);
  }
  return found[0] as Instance;
}

/** What the instance has, for people or for scripts. */
function show(instance: Instance, type: MaskArguments['type'], json: boolean): string {
  const row = rowOf(instance);
  if (json) return JSON.stringify(row);
  if (type !== undefined) return row[type] ?? maskText(null);
  return table((['parallel', 'serial'] as const).map((each) => [each, maskText(row[each])]));
}

/** `padata mask`. */
export const maskCommand: Command = {
  summary: 'show the cpumasks of an instance that has control files, or change one',
  help,
  async run(args) {
    const { name, type, mask, directory, waitMs, json } = parseMaskArguments(args);
    const wanted = mask === undefined ? undefined : CpuMask.from(mask);
    const instance = find(name, directory);
    if (type !== undefined && wanted !== undefined) await writeMask(instance, type, wanted, waitMs);
    if (wanted === undefined || json) process.stdout.write(`${show(instance, type, json)}\n`);
    return STATUS.ok;
  },
};
