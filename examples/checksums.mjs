// How do I run a native function over many inputs, and get the results in order?
import { Padata } from 'padata';
import { crc32 } from 'padata/functions';

const pd = new Padata('checksums');
const shell = pd.createShell();

const texts = ['alpha', 'beta', 'gamma', 'delta'];
const inputs = texts.map((text) => Buffer.from(text));

let index = 0;
for await (const sum of shell.map(inputs, crc32)) {
  console.log(`${texts[index++]}  ${sum.toString(16).padStart(8, '0')}`);
}

await pd.close();
