import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..', '..', 'examples');

/** What each example prints; where it names CPUs, they are those of the machine. */
const expected: Record<string, RegExp> = {
  'change-cpumasks.mjs': /^in mid-run\n(usable now: parallel [\d,-]+\n)*2000 of 2000 delivered\n$/,
  'checksums.mjs': /^alpha {2}d0e0396a\nbeta {2}8f910463\ngamma {2}c443d071\ndelta {2}9643fed9\n$/,
  'closures.mjs':
    /^(finished {3}.*\n){3}delivered {2}first, slow\ndelivered {2}second, fast\ndelivered {2}third, in between\n$/,
  'encrypt-stream.mjs': /^100 records, as they were\n$/,
  'esp-tunnel.mjs': /^44 bytes became 100\nand came back as they were\nsent once more: ESTALE\n$/,
};

describe('an example', () => {
  it('is tested here', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(expected));
  });

  it.each(Object.keys(expected))('%s prints what it says', async (name) => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, name)]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(expected[name]);
  });
});
