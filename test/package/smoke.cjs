// Run by scripts/test-package.sh beside an installed package: CommonJS, and that both module systems share one copy.
const assert = require('node:assert/strict');
const { Padata } = require('padata');
const { echo } = require('padata/functions');

async function main() {
  const esm = await import('padata');
  assert.equal(esm.Padata, Padata);
  const instance = new Padata('smoke');
  const shell = instance.createShell();
  assert.equal(Buffer.from(await shell.run(echo, Buffer.from('hello'))).toString(), 'hello');
  shell.free();
  await instance.close();
  console.log('smoke.cjs: one copy of the package for both module systems');
}

main();
