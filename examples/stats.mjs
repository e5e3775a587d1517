// What is an instance doing?
import { Padata } from 'padata';
import { spin } from 'padata/functions';

const pd = new Padata('observed');
const shell = pd.createShell();
const work = spin(100_000); // 100 microseconds

for (let i = 0; i < 200; i++) shell.doParallel({ parallel: work, serial() {} });
const { pending, shells, state } = pd.stats();
console.log(`${state}, ${shells} shell, ${pending} jobs pending`); // none was serialized: the event loop is still here

await shell.drain();
const { cpus } = pd.stats(); // [{ cpu, jobs, pinsLost, pinsRestored, usableSince }, …]
const jobs = cpus.reduce((sum, cpu) => sum + cpu.jobs, 0);
console.log(`${jobs} jobs, all on usable CPUs: ${cpus.every(({ cpu }) => pd.usable.parallel.has(cpu))}`);

await pd.close();
