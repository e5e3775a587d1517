/** `padata instances` and `padata mask`, with instances in this process and in others. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CpuMaskLike, cpus, Padata } from 'padata';
import { noop } from 'padata/functions';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { claim } from '../../dist/control/claim.js';
import { padata } from '../support/cli.js';
import { folder } from '../support/control.js';
import { firstCpu, within } from '../support/padata.js';

const script = join(import.meta.dirname, '../fixtures/scripts/control.cjs');
const all = cpus.possible().toList();
const nrCpus = Math.max(...cpus.possible()) + 1;

/** An instance of this process. */
function instance(name: string, control: boolean | string, parallel?: CpuMaskLike): Padata {
  const made = new Padata(name, { control, ...(parallel === undefined ? {} : { parallel }) });
  onTestFinished(() => made.free());
  return made;
}

/** An instance `child` of another process. */
async function child(control?: string): Promise<number> {
  const args = [script, 'stay', ...(control === undefined ? [] : [control])];
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void started.kill('SIGKILL'));
  await within(once(started.stdout, 'data'), 'child');
  return started.pid as number;
}

/** A place of this user that has nothing of others in it. */
function ownPlace(): string {
  const path = folder();
  vi.stubEnv('XDG_RUNTIME_DIR', path);
  onTestFinished(() => void vi.unstubAllEnvs());
  return path;
}

/** Runs it, and expects it to go well. */
async function good(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await padata(args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.toString();
}

/** Runs it, and expects it to fail with nothing on standard output. */
async function bad(expected: number, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await padata(args);
  expect({ status, stdout: stdout.toString() }).toEqual({ status: expected, stdout: '' });
  return stderr;
}

describe('padata instances', () => {
  it('shows those of all processes of this user, in the usual place', async () => {
    const place = ownPlace();
    const mine = instance('mine', true, [firstCpu]);
    const pid = await child();
    const rows = JSON.parse(await good('instances', '--json')) as { directory: string }[];
    const here = rows.filter(({ directory }) => directory.startsWith(place));
    const expected = [
      { pid: process.pid, name: 'mine', directory: mine.controlDirectory, parallel: `${firstCpu}`, serial: all },
      { pid, name: 'child', directory: join(place, 'padata', `${pid}`, 'child'), parallel: all, serial: all },
    ];
    expect(here).toEqual(expected.sort((a, b) => a.pid - b.pid));
    const text = await good('instances');
    expect(text).toMatch(/^PID +NAME +PARALLEL +SERIAL\n/);
    expect(text).toMatch(new RegExp(`^${process.pid} +mine +${firstCpu} +${all}$`, 'm'));
    expect(text).toMatch(new RegExp(`^${pid} +child +${all} +${all}$`, 'm'));
  });

  it('leaves the dead out, and what is no instance', async () => {
    const parent = folder();
    const dead = claim(parent, 'dead');
    writeFileSync(join(dead.path, 'owner'), JSON.stringify({ ...dead.owner, start: '1' }));
    mkdirSync(join(parent, 'no instance'));
    expect(JSON.parse(await good('instances', '--json', '--directory', parent))).toEqual([]);
    expect(await good('instances', '--directory', parent)).toBe('no instance has control files here\n');
  });

  it('shows empty masks, masks that are being written, and names that could do something to a terminal', async () => {
    const parent = folder();
    instance('a\x1b[2J b', parent, []);
    const half = claim(parent, 'half');
    writeFileSync(join(half.path, 'serial_cpumask'), '');
    const text = await good('instances', '--directory', parent);
    expect(text).toMatch(new RegExp(`^\\d+ +"a\\\\u001b\\[2J b" +none +${all}$`, 'm'));
    expect(text).toMatch(/^\d+ +half +being written +being written$/m);
    const rows = JSON.parse(await good('instances', '--directory', parent, '--json'));
    expect(rows).toMatchObject([
      { name: 'a\x1b[2J b', parallel: '' },
      { name: 'half', parallel: null, serial: null },
    ]);
  });

  it.each([['now'], ['--frobnicate'], ['--json=1']])('%j is a usage error', async (arg) => {
    expect(await bad(2, 'instances', arg)).toMatch(/^padata instances: [\s\S]*Try: padata instances --help\n$/);
  });
});

describe('padata mask', () => {
  it('shows the masks', async () => {
    const parent = folder();
    instance('shown', parent, []);
    const at = ['--directory', parent];
    expect(await good('mask', 'shown', ...at)).toBe(`parallel  none\nserial    ${all}\n`);
    expect(await good('mask', 'shown', 'serial', ...at)).toBe(`${all}\n`);
    expect(await good('mask', 'shown', 'parallel', ...at)).toBe('\n');
    expect(JSON.parse(await good('mask', 'shown', '--json', ...at))).toMatchObject({ parallel: '', serial: all });
  });

  it.each([
    ['a list', `${firstCpu}`, [firstCpu]],
    ['a bitmap', `0x${(1 << firstCpu).toString(16)}`, [firstCpu]],
    ['the mask that is there', all, [...cpus.possible()]],
    ['no CPU', '', []],
  ])('changes one, by %s, in the usual place', async (_name, mask, expected) => {
    ownPlace();
    const mine = instance('changed', true);
    expect(await good('mask', `${process.pid}/changed`, 'serial', mask)).toBe('');
    expect([...mine.cpumask.serial]).toEqual(expected);
    expect(mine.cpumask.parallel.toList()).toBe(all);
  });

  it('shows what has become of it, with --json', async () => {
    const parent = folder();
    instance('json', parent);
    const row = JSON.parse(await good('mask', 'json', 'parallel', `${firstCpu}`, '--json', '--directory', parent));
    expect(row).toMatchObject({ pid: process.pid, name: 'json', parallel: `${firstCpu}`, serial: all });
  });

  it('says what the kernel would: the errno name, status 1, and the mask stays', async () => {
    const parent = folder();
    const mine = instance('refused', parent);
    const refused = await bad(1, 'mask', 'refused', 'parallel', `${nrCpus}`, '--directory', parent);
    expect(refused).toMatch(/^padata mask: EOVERFLOW: .*refused at .*, parallel_cpumask\n$/);
    for (let i = 0; i < 2; i++) {
      const far = await bad(1, 'mask', 'refused', 'serial', '65535', '--directory', parent);
      expect(far).toMatch(/^padata mask: EOVERFLOW: /);
    }
    expect(await bad(1, 'mask', 'refused', 'parallel', 'zz', '--directory', parent)).toMatch(/^padata mask: EINVAL: /);
    expect(await bad(1, 'mask', 'refused', 'serial', '65536', '--directory', parent)).toMatch(/ ERANGE: /);
    expect([mine.cpumask.parallel.toList(), mine.cpumask.serial.toList()]).toEqual([all, all]);
  });

  it('asks which one, if there are several', async () => {
    ownPlace();
    const pids = [await child(), await child()].sort((a, b) => a - b);
    const message = await bad(1, 'mask', 'child', 'parallel', `${firstCpu}`);
    expect(message).toContain(`there are 2 instances of that name; say which: ${pids[0]}/child, ${pids[1]}/child\n`);
    expect(await good('mask', `${pids[1]}/child`, 'parallel', `${firstCpu}`)).toBe('');
    expect(await good('mask', `${pids[1]}/child`, 'parallel')).toBe(`${firstCpu}\n`);
    expect(await good('mask', `${pids[0]}/child`, 'parallel')).toBe(`${all}\n`);
  });

  it('says so if the instance does not answer', async () => {
    const parent = folder();
    const pid = await child(parent);
    process.kill(pid, 'SIGSTOP');
    const wait = ['--directory', parent, '--wait', '0.2'];
    const message = await bad(1, 'mask', 'child', 'parallel', `${firstCpu}`, ...wait);
    expect(message).toMatch(/ETIMEDOUT: .*has not read it: its event loop is busy, or its process is stopped/);
    expect(await good('mask', 'child', 'parallel', ...wait)).toBe(`${firstCpu}\n`); // what is in the file
    process.kill(pid, 'SIGCONT');
    expect(await good('mask', 'child', 'serial', `${firstCpu}`, '--directory', parent)).toBe('');
  });

  it('fails for an instance that is not there', async () => {
    const message = await bad(1, 'mask', 'nobody', '--directory', folder());
    expect(message).toMatch(/ENOENT: no instance nobody has control files/);
  });

  it.each([
    [[], /give the name/],
    [['x', 'both'], /parallel or serial, not "both"/],
    [['x', '0-3'], /parallel or serial, not "0-3"/],
    [['x', 'parallel', '0', '1'], /one argument too many: 1/],
    [['x', '--wait', '0'], /--wait must be/],
    [['x', '--wait', '3601'], /--wait must be/],
    [['x', '--wait', 'soon'], /--wait must be/],
    [['x', '--frobnicate'], /--frobnicate/],
  ] as [string[], RegExp][])('%j is a usage error', async (args, message) => {
    const stderr = await bad(2, 'mask', ...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^Try: padata mask --help$/m);
  });
});

describe('padata cpus', () => {
  it('tells of each CPU of instances with control files', async () => {
    const place = folder();
    const mine = instance('mine', place, [firstCpu]);
    const shell = mine.createShell();
    for (let i = 0; i < 1000; i++) shell.doParallel({ parallel: noop, serial: () => {} });
    await within(shell.drain(), 'drain');
    shell.free();
    const row = { cpu: firstCpu, jobs: 1000, pinsRestored: expect.any(Number), usableSince: expect.any(String) };
    const look = async () => JSON.parse(await good('cpus', '--json', '--directory', place)).instances;
    await vi.waitFor(async () => {
      expect(await look()).toEqual([
        { pid: process.pid, name: 'mine', cpus: expect.arrayContaining([expect.objectContaining(row)]) },
      ]);
    }, 20_000);
    const text = await good('cpus', '--directory', place);
    expect(text).toMatch(/^PID +NAME +CPU +JOBS +PINS LOST +RESTORED +USABLE SINCE$/m);
    expect(text).toMatch(
      new RegExp(`^${process.pid} +mine +${firstCpu} +1,000 +\\d+ +\\d+ +\\d{4}-\\d\\d-\\d\\dT`, 'm'),
    );
  });

  it.each([
    '',
    'garbage',
    '{}',
    '[1]',
    '[{"cpu":"\\u001b[31m"}]',
    '[{"cpu":0,"jobs":1,"pinsLost":0,"pinsRestored":0,"usableSince":"x"}]',
  ])('leaves out what makes no sense: %j', async (text) => {
    const place = folder();
    const mine = instance('mine', place);
    writeFileSync(join(mine.controlDirectory as string, 'stats'), text);
    expect(JSON.parse(await good('cpus', '--json', '--directory', place)).instances).toEqual([
      { pid: process.pid, name: 'mine', cpus: [] },
    ]);
  });
});
