// How do I shut down without losing jobs that were accepted?
import { Padata } from 'padata';
import { spin } from 'padata/functions';

const pd = new Padata('service');
const shell = pd.createShell();
const work = spin(50_000); // 50 microseconds

let accepted = 0;
let delivered = 0;
const clock = setInterval(() => {
  for (let i = 0; i < 20; i++, accepted++) shell.doParallel({ parallel: work, serial: () => delivered++ });
}, 1);

process.once('SIGTERM', async () => {
  clearInterval(clock);
  // Refuses further jobs (EINVAL), waits until those that were accepted had their serial(), frees shells and instance.
  // When that is done nothing keeps the process alive any more.
  await pd.close();
  console.log(`accepted ${accepted === delivered ? 'and delivered: the same' : `${accepted}, delivered ${delivered}`}`);
  console.log(pd.state);
});

setTimeout(() => process.kill(process.pid, 'SIGTERM'), 100);
