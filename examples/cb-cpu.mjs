// Which CPU does serial() run on, and who chooses it?
import { Padata } from 'padata';
import { noop } from 'padata/functions';

const pd = new Padata('cb-cpu');
const cpus = [...pd.usable.serial];
const last = /** @type {number} */ (cpus.at(-1));

const first = pd.createShell();
const second = pd.createShell();
const job = { parallel: noop, serial: noop }; // a native serial() runs on the pinned thread of its cb_cpu

// Left out: the shell's own. Shells take turns over the usable serial mask.
console.log(`first shell: ${first.doParallel(job) === cpus[0]}`);
console.log(`second shell: ${second.doParallel(job) === cpus[1 % cpus.length]}`);

// Preferred, and usable: taken as it is.
console.log(`preferred: ${first.doParallel(job, last) === last}`);

// Preferred, but not usable: replaced by the CPU at index `cbCpu % weight` of the usable serial mask, as in the kernel.
console.log(`replaced: ${first.doParallel(job, 8191) === cpus[8191 % cpus.length]}`);

await pd.close();
