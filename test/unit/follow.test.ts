/** Usable masks follow what this process may use, and pins are restored. With real hotplug: test/guest. */
import { execFileSync } from 'node:child_process';
import { cpus } from 'padata';
import { describe, expect, it } from 'vitest';
import { ends, runScript } from '../support/child.js';

const several = cpus.allowed().weight >= 2;
if (!several) console.log('skipped: this process may use one CPU only, so that nothing can be taken away');

describe.runIf(several)('a process that is moved about while jobs run', () => {
  it('uses what it may, restores pins, and loses nothing', async () => {
    const { stdout, ...ended } = await runScript('follow.cjs');
    expect({ ...ended, stdout: '' }).toMatchObject({ ...ends(0, ''), stderr: '' });
    const count = cpus.allowed().weight;
    expect(JSON.parse(stdout)).toEqual({
      restored: true,
      stayedAway: true,
      lost: 0,
      changes: expect.arrayContaining([`${count} -> 1`, `1 -> ${count}`, 'narrow invalid', 'narrow running']),
    });
  });

  it('respects the affinity that it was started with', () => {
    const first = `${cpus.allowed().first()}`;
    const script = "const { Padata } = require('padata'); console.log(new Padata('taskset').usable.parallel.toList())";
    expect(execFileSync('taskset', ['-c', first, process.execPath, '-e', script], { encoding: 'utf8' }).trim()).toBe(
      first,
    );
  });
});
