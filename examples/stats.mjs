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
const { cpus } = pd.stats(); // [{ cpu, jobs }, …]; the threads add what they ran batch by batch, so it may lag a little
console.log(`ran on usable CPUs only: ${cpus.every(({ cpu }) => pd.usable.parallel.has(cpu))}`);

await pd.close();
