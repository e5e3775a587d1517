// How do I leave a CPU to the event loop?
import { CpuMask, cpus, Padata } from 'padata';
import { crc32 } from 'padata/functions';

const allowed = cpus.allowed(); // the cpuset, and what `taskset` started this process with
const mine = CpuMask.of(/** @type {number} */ (allowed.first()));
const rest = allowed.weight > 1 ? allowed.andNot(mine) : allowed;

// parallel() stays off the first CPU. The scheduler then finds the event loop a place there by itself.
const pd = new Padata('leave-a-cpu', { parallel: rest });
const shell = pd.createShell();

for await (const _ of shell.map([Buffer.from('a'), Buffer.from('b')], crc32));
const used = pd.stats().cpus.filter(({ jobs }) => jobs !== 0);
console.log(`parallel() ran on ${used.every(({ cpu }) => rest.has(cpu)) ? 'the others' : 'all'} only`);

await pd.close();
