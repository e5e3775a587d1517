// Can native functions and functions of JavaScript share one order?
import { setTimeout as sleep } from 'node:timers/promises';
import { Padata } from 'padata';
import { crc32, spin } from 'padata/functions';

const pd = new Padata('mixed');
const shell = pd.createShell();

/** @type {string[]} */
const order = [];
await Promise.all([
  shell.run(() => sleep(30), undefined).then(() => order.push('a timer of 30 ms')),
  shell.run(crc32, Buffer.from('123456789')).then((sum) => order.push(`a checksum, ${sum.toString(16)}`)),
  shell.run(spin(2_000_000), undefined).then(() => order.push('2 ms of work on another thread')),
  shell.run((text) => text.toUpperCase(), 'shout').then((text) => order.push(`a function of JavaScript, ${text}`)),
]);
console.log(order.join('\n')); // as submitted, though the timer was the last to finish

await pd.close();
