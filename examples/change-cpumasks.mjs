// How do I change the CPUs while jobs run?
import { CpuMask, Padata } from 'padata';
import { spin } from 'padata/functions';

const pd = new Padata('masks');
pd.on('cpumask', ({ after }) => console.log(`usable now: parallel ${after.parallel.toList()}`));

const shell = pd.createShell();
const work = spin(20_000); // 20 microseconds
const all = pd.usable.parallel;
const jobs = 2000;

let delivered = 0;
for (let i = 0; i < jobs; i++) {
  const job = { parallel: work, serial: () => delivered++ };
  shell.doParallel(job);
}
pd.setCpumask('parallel', CpuMask.of(/** @type {number} */ (all.first())));
console.log(`${shell.pending > 0 ? 'in' : 'not in'} mid-run`);
pd.setCpumask('parallel', all);

await shell.drain();
console.log(`${delivered} of ${jobs} delivered`);

await pd.close();
