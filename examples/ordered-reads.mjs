// How do I read many files at once, a few at a time, and take them in order?
import { readdir, readFile } from 'node:fs/promises';
import { Padata } from 'padata';

const pd = new Padata('reads');
const shell = pd.createShell();
const folder = new URL('.', import.meta.url);
const names = (await readdir(folder)).filter((name) => name.endsWith('.mjs')).sort();

let open = 0;
let most = 0;

// An async function of JavaScript works like a native one: padata starts it, and keeps the order.
/** @param {string} name */
async function firstLine(name) {
  most = Math.max(most, ++open);
  const text = await readFile(new URL(name, folder), 'utf8');
  open--;
  return `${name}: ${text.slice(3, text.indexOf('\n'))}`;
}

const lines = [];
for await (const line of shell.map(names, firstLine, { maxPending: 4 })) lines.push(line);
console.log(lines.slice(0, 3).join('\n'));
console.log(`in order: ${lines.every((line, i) => line.startsWith(names[i] ?? '?'))}, at most ${most} open at once`);

await pd.close();
