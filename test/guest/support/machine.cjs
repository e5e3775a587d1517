/** What a scenario does to the machine: CPUs off and on, cpusets, hot-adding. All of it needs root, and is meant for a guest. */
const fs = require('node:fs');
const { writeFile } = require('node:fs/promises');
const { setTimeout: sleep } = require('node:timers/promises');
const { CpuMask } = require('padata');

const SYSFS = '/sys/devices/system/cpu';

const readList = (path) => CpuMask.parseList(fs.readFileSync(path, 'utf8').trim());
/** These are read here and not with `cpus` of the package, which is what is tested. */
const onlineCpus = () => readList(`${SYSFS}/online`);
const possibleCpus = () => readList(`${SYSFS}/possible`);

/** What the threads that nobody pins may use: their affinity and their cpuset. May name CPUs that are offline. */
function allowedCpus() {
  const status = fs.readFileSync(`/proc/self/task/${process.pid}/status`, 'utf8');
  return CpuMask.parseList(/^Cpus_allowed_list:\s*(\S*)$/m.exec(status)[1]);
}

/** CPUs that have an `online` file: CPU 0 often has none. */
const removableCpus = () => [...possibleCpus()].filter((cpu) => fs.existsSync(`${SYSFS}/cpu${cpu}/online`));

/** Not on the event loop's thread: the kernel takes up to some 100 ms for it. */
const setOnline = (cpu, isOnline) => writeFile(`${SYSFS}/cpu${cpu}/online`, isOnline ? '1' : '0');

async function allOnline() {
  for (const cpu of removableCpus()) if (!onlineCpus().has(cpu)) await setOnline(cpu, true);
}

/** Empty for a thread that has ended since it was listed. */
function statusOf(tid) {
  try {
    return fs.readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
    throw error;
  }
}

/** The threads of padata: their kind ('p' or 's'), their CPU by their name, and where the kernel lets them run. */
function padataThreads() {
  const threads = [];
  for (const tid of fs.readdirSync('/proc/self/task')) {
    const status = statusOf(tid);
    const name = /^Name:\tpadata\/([ps])(\d+)$/m.exec(status);
    if (name === null) continue;
    const allowed = /^Cpus_allowed_list:\s*(\S*)$/m.exec(status)[1];
    threads.push({ tid: Number(tid), kind: name[1], cpu: Number(name[2]), allowed });
  }
  return threads;
}

/** A cgroup v2 with a cpuset, for this process. */
class Cpuset {
  #folder = `/sys/fs/cgroup/padata-${process.pid}`;

  constructor(list) {
    fs.writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpuset');
    fs.mkdirSync(this.#folder);
    this.set(list);
    fs.writeFileSync(`${this.#folder}/cgroup.procs`, String(process.pid));
  }

  set(list) {
    fs.writeFileSync(`${this.#folder}/cpuset.cpus`, list);
  }

  leave() {
    fs.writeFileSync('/sys/fs/cgroup/cgroup.procs', String(process.pid));
    fs.rmdirSync(this.#folder);
  }
}

/** QEMU's monitor (QMP), which the rig brings to a port of the guest. */
class Monitor {
  #fd = fs.openSync(process.env.RIG_MONITOR, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
  #text = '';

  async execute(command, args) {
    fs.writeSync(this.#fd, `${JSON.stringify({ execute: command, arguments: args })}\n`);
    for (;;) {
      const { error, return: result } = await this.#message();
      if (error !== undefined) throw new Error(`QEMU: ${command}: ${error.desc}`);
      if (result !== undefined) return result; // else an event, or the greeting
    }
  }

  async #message() {
    while (!this.#text.includes('\n')) {
      const got = this.#read();
      if (got === '') await sleep(10);
      this.#text += got;
    }
    const end = this.#text.indexOf('\n');
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line);
  }

  #read() {
    const buffer = Buffer.alloc(4096);
    try {
      return buffer.toString('utf8', 0, fs.readSync(this.#fd, buffer));
    } catch (error) {
      if (error.code === 'EAGAIN') return '';
      throw error;
    }
  }
}

/** A CPU that is plugged in while the machine runs. It is offline at first; a distribution's udev would put it online. */
async function hotAdd(monitor) {
  const sockets = await monitor.execute('query-hotpluggable-cpus');
  const free = sockets.filter((socket) => socket['qom-path'] === undefined);
  if (free.length === 0) throw new Error('no CPU can be added: the guest needs more possible CPUs than it starts with');
  const { type: driver, props } = free.at(-1); // QEMU lists the highest first
  const before = fs.readdirSync(SYSFS);
  await monitor.execute('device_add', { driver, id: `added-${Date.now()}`, ...props });
  for (;;) {
    const came = fs.readdirSync(SYSFS).find((name) => /^cpu\d+$/.test(name) && !before.includes(name));
    if (came !== undefined && fs.existsSync(`${SYSFS}/${came}/online`)) return Number(came.slice(3));
    await sleep(10);
  }
}

module.exports = {
  onlineCpus,
  possibleCpus,
  allowedCpus,
  removableCpus,
  setOnline,
  allOnline,
  padataThreads,
  Cpuset,
  Monitor,
  hotAdd,
};
