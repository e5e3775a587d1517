import { listInstances } from '../control/instances.js';
import { type CpuRow, readStats } from '../control/stats-file.js';
import type { CpuMask } from '../index.js';
import { cpus, Padata } from '../index.js';
import type { Command } from './command.js';
import { parse, STATUS } from './command.js';
import { nameText } from './instances.js';
import { count, plural, table } from './text.js';

const help = `Usage: padata cpus [--directory DIR] [--json]

Shows the CPUs of this machine, and which of them an instance of padata would use, as lists ("0-3,8").

  possible   CPUs that may ever come online: the default of both cpumasks
  present    CPUs that are plugged in
  online     CPUs that the kernel schedules on
  allowed    CPUs that this process may use: its cpuset, and the affinity that it inherited
  parallel   CPUs on which an instance with default cpumasks runs parallel()
  serial     CPUs from which it takes its cb_cpu

Then, for each CPU of each instance of this user that has control files: jobs with a native parallel() that ran there, how often a
thread of padata lost its pin and got it back, and since when the CPU is usable.

Options:
  --directory DIR  instances that were made with control: DIR, instead of control: true
  --json           print one JSON object with the six lists, and the instances
  -h, --help       print this`;

const machineMasks = ['possible', 'present', 'online', 'allowed'] as const;
const instanceMasks = ['parallel', 'serial'] as const;
type Masks = Record<(typeof machineMasks)[number] | (typeof instanceMasks)[number], CpuMask>;

/** What the machine has, and what an instance says that it would use. */
function readMasks(): Masks {
  const instance = new Padata('cpus');
  try {
    return {
      possible: cpus.possible(),
      present: cpus.present(),
      online: cpus.online(),
      allowed: cpus.allowed(),
      ...instance.usable,
    };
  } finally {
    instance.free();
  }
}

/** What an instance tells of its CPUs. */
interface InstanceCpus {
  pid: number;
  name: string;
  cpus: CpuRow[];
}

function readInstances(directory: string | undefined): InstanceCpus[] {
  return listInstances(directory).map(({ pid, name, directory: own }) => ({ pid, name, cpus: readStats(own) }));
}

/** The CPUs of instances for people. */
function instancesText(instances: InstanceCpus[]): string {
  const rows = instances.flatMap(({ pid, name, cpus }) =>
    cpus.map((row) => [
      String(pid),
      nameText(name),
      String(row.cpu),
      count(row.jobs),
      count(row.pinsLost),
      count(row.pinsRestored),
      row.usableSince ?? 'not usable',
    ]),
  );
  if (rows.length === 0) return '';
  return `${table([['PID', 'NAME', 'CPU', 'JOBS', 'PINS LOST', 'RESTORED', 'USABLE SINCE'], ...rows])}\n\n`;
}

/** The masks for people. */
function text(masks: Masks, instances: InstanceCpus[]): string {
  const rows = (names: readonly (keyof Masks)[]) =>
    names.map((name) => [name, masks[name].toList() || 'none', plural(masks[name].weight, 'CPU')]);
  return `${table(rows(machineMasks))}

An instance with default cpumasks would use
${table(rows(instanceMasks), '  ')}

${instancesText(instances)}${hints(masks)}`;
}

/** How to place what padata does not place: the event loop, and a whole process. */
function hints({ online, allowed }: Masks): string {
  const example = allowed.first() ?? 0;
  const narrowed = online.equals(allowed)
    ? ''
    : '\nThis process may not use every CPU that is online: see its cpuset, or the taskset that started it.';
  return `padata pins its own threads, but not the event loop, on which closures run.
  taskset -c LIST node app.js   keeps all of a process, padata's threads too, on the CPUs of LIST
  taskset -pc ${example} PID             pins the event loop of a process to CPU ${example}, and nothing else${narrowed}`;
}

/** `padata cpus`. */
export const cpusCommand: Command = {
  summary: 'show the CPUs of this machine, and which of them padata would use',
  help,
  async run(args) {
    const options = { directory: { type: 'string' }, json: { type: 'boolean', default: false } } as const;
    const { values } = parse({ args, options });
    const instances = readInstances(values.directory);
    const masks = readMasks();
    const lists = Object.fromEntries(Object.entries(masks).map(([name, mask]) => [name, mask.toList()]));
    process.stdout.write(`${values.json ? JSON.stringify({ ...lists, instances }) : text(masks, instances)}\n`);
    return STATUS.ok;
  },
};
