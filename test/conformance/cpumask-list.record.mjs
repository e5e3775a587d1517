// Records what a real kernel makes of list texts. Run it as root on a machine that is there for nothing else (a virtual
// one), with cgroup v2 mounted and an interrupt whose affinity can be set. It takes the texts from the rows of a former
// recording, or rows with just `file` and `input`, and prints them with what came of each:
//
//   node cpumask-list.record.mjs data/cpumask-list.jsonl IRQ > recorded.jsonl
//
// Two files take lists and show them again: cpuset.cpus of a control group, which drops white space at both ends first,
// and smp_affinity_list of an interrupt, which takes every byte but wants a CPU that is online.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';

const [rows, irq] = process.argv.slice(2);
const group = '/sys/fs/cgroup/padata-record';
const paths = { 'cpuset.cpus': `${group}/cpuset.cpus`, smp_affinity_list: `/proc/irq/${irq}/smp_affinity_list` };
const read = (path) => readFileSync(path, 'latin1');

function attempt(path, input) {
  writeFileSync(path, '0-1');
  try {
    writeFileSync(path, Buffer.from(input, 'latin1'));
    return { result: 'ok', readback: read(path) };
  } catch (error) {
    return { result: error.code };
  }
}

const kernel = release();
const nr_cpu_ids = Number(/\d+$/.exec(read('/sys/devices/system/cpu/possible').trim())[0]) + 1;
const online = read('/sys/devices/system/cpu/online').trim();

writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpuset');
mkdirSync(group);
for (const line of readFileSync(rows, 'utf8').trim().split('\n')) {
  const { file, input } = JSON.parse(line);
  console.log(JSON.stringify({ kernel, nr_cpu_ids, online, file, input, ...attempt(paths[file], input) }));
}
rmdirSync(group);
