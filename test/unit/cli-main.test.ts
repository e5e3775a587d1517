import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CpuMask, cpus } from 'padata';
import { describe, expect, it } from 'vitest';
import { cli, padata } from '../support/cli.js';

describe('padata', () => {
  it('--help names every command and the exit statuses', async () => {
    for (const option of ['--help', '-h']) {
      const { status, stdout, stderr } = await padata([option]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout.toString()).toMatch(
        /^Usage: padata COMMAND[\s\S]*^ {2}cpus +\w[\s\S]*^ {2}instances +\w[\s\S]*^ {2}mask +\w[\s\S]*^ {2}esp +\w[\s\S]*Exit status: 0/m,
      );
    }
  });

  it('--version prints that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(await padata(['--version'])).toMatchObject({ status: 0, stdout: Buffer.from(`${version}\n`), stderr: '' });
  });

  it.each([
    [[], /a command is missing/],
    [['frobnicate'], /no command "frobnicate"/],
    [['--frobnicate'], /no command "--frobnicate"/],
    [['toString'], /no command "toString"/],
  ])('%j is a usage error', async (args, message) => {
    const { status, stdout, stderr } = await padata(args);
    expect({ status, stdout: stdout.toString() }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^Try: padata --help$/m);
  });

  it.each(['cpus', 'instances', 'mask', 'esp'])('%s --help prints its own help', async (command) => {
    for (const option of ['--help', '-h']) {
      const { status, stdout } = await padata([command, option]);
      expect(status).toBe(0);
      expect(stdout.toString()).toMatch(new RegExp(`^Usage: padata ${command} .*--json[sS]*Options|-h, --help`));
    }
  });
});

describe('padata cpus', () => {
  it('--json has the lists that the API has', async () => {
    const { status, stdout, stderr } = await padata(['cpus', '--json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lists = JSON.parse(stdout.toString());
    expect(Object.keys(lists)).toEqual(['possible', 'present', 'online', 'allowed', 'parallel', 'serial', 'instances']);
    for (const name of ['possible', 'present', 'online', 'allowed'] as const) {
      expect(lists[name]).toBe(cpus[name]().toList());
    }
    const usable = cpus.possible().and(cpus.online()).and(cpus.allowed());
    expect([lists.parallel, lists.serial]).toEqual([usable.toList(), usable.toList()]);
    expect(CpuMask.parseList(lists.allowed).weight).toBe(availableParallelism());
  });

  it('shows the same to people, aligned, with hints', async () => {
    const { status, stdout, stderr } = await padata(['cpus']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.toString().split('\n');
    const allowed = cpus.allowed();
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^allowed +${allowed.toList()} +${allowed.weight} CPU`)),
    );
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^ +serial +${allowed.toList()} `)));
    expect(stdout.toString()).toContain('taskset -c LIST');
    expect(stdout.toString()).not.toMatch(/ $/m);
  });

  it('is told by taskset what it may use', async () => {
    const cpu = String(cpus.allowed().first());
    const run = promisify(execFile)('taskset', ['-c', cpu, process.execPath, cli, 'cpus', '--json']);
    const lists = JSON.parse((await run).stdout);
    expect([lists.allowed, lists.parallel, lists.serial]).toEqual([cpu, cpu, cpu]);
    expect(lists.online).toBe(cpus.online().toList());
  });

  it.each([[['cpus', 'now']], [['cpus', '--frobnicate']], [['cpus', '--json=1']]])(
    '%j is a usage error',
    async (args) => {
      const { status, stderr } = await padata(args);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^padata cpus: [\s\S]*Try: padata cpus --help\n$/);
    },
  );
});
