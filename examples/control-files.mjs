// How do I change the CPUs of a running program from outside?
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Padata } from 'padata';

// control: true would put the files where `padata instances` finds them.
const control = await mkdtemp(join(tmpdir(), 'example-'));
const pd = new Padata('outside', { control });
const file = join(control, 'outside', 'parallel_cpumask');
console.log(`shown as supplied: ${(await readFile(file, 'utf8')).trim() === pd.cpumask.parallel.toString()}`);

const work = setInterval(() => {}, 1000); // a program that goes on; the files alone keep none alive

// What `echo 0 > …/outside/parallel_cpumask` does, an empty mask:
const changed = once(pd, 'cpumask');
await writeFile(file, '0\n');
await changed;
console.log(pd.state);

// What the kernel refuses, nothing of it is taken:
const refused = new Promise((resolve) => pd.once('error', resolve));
await writeFile(file, '0-3\n');
console.log((await refused).code, (await readFile(file, 'utf8')).trim() === pd.cpumask.parallel.toString());

clearInterval(work);
await pd.close();
await rm(control, { recursive: true });
