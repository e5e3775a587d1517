// Run by scripts/test-package.sh beside an installed package: ES modules.
import assert from 'node:assert/strict';
import { Padata, PadataError } from 'padata';
import { crc32, echo } from 'padata/functions';
import * as pcrypt from 'padata/pcrypt';

const instance = new Padata('smoke');
const shell = instance.createShell();
const order = [];
const inputs = Array.from({ length: 1000 }, (_, i) => Buffer.from(`job ${i}`));
const results = await Promise.all(
  inputs.map(async (input, i) => {
    const bytes = await shell.run(echo, input);
    order.push(i);
    return bytes;
  }),
);
assert.deepEqual(order, [...inputs.keys()], 'results come in the order of submission');
assert.deepEqual(
  results.map((bytes) => Buffer.from(bytes)),
  inputs,
);
assert.equal(await shell.run(crc32, Buffer.from('123456789')), 0xcbf43926);
assert.equal(typeof pcrypt.aead, 'function');
assert.throws(() => new Padata(''), RangeError);
assert.throws(() => instance.free(), PadataError);
shell.free();
await instance.close();
console.log('smoke.mjs: 1000 jobs in order');
