/** Whose a directory is, who lives, what is swept away, and where directories are made. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { claim, claimForProcess, isHeld, release, sweep, sweepProcesses } from '../../dist/control/claim.js';
import { isAlive, newOwner, type Owner, readOwner, writeOwner } from '../../dist/control/owner.js';
import { namedPlace, placesToLook, userPlace } from '../../dist/control/place.js';
import { privateDirectory, userId } from '../../dist/control/safe-file.js';
import { folder } from '../support/control.js';
import { until } from '../support/padata.js';

/** A directory with an owner that is not us. */
function left(parent: string, name: string, owner: Partial<Owner>): string {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  writeOwner(path, { ...newOwner(), ...owner });
  return path;
}

/** As the process that had our pid before us. */
const dead: Partial<Owner> = { start: '1' };
const silent = (path: string) => utimesSync(join(path, 'owner'), 1, 1);

describe('an owner', () => {
  it('is the thread that calls, by pid and start time', () => {
    const stat = readFileSync('/proc/self/stat', 'latin1').replace(/.*\) /s, '').split(' ');
    expect(newOwner()).toMatchObject({ pid: process.pid, start: stat[19], namespace: expect.stringMatching(/^pid:/) });
    const path = left(folder(), 'mine', {});
    expect(isAlive(path, readOwner(path) as Owner)).toBe(true);
  });

  it('of a pid that is used again is dead', () => {
    const path = left(folder(), 'reused', dead);
    expect(isAlive(path, readOwner(path) as Owner)).toBe(false);
  });

  it('that has no process any more is dead', () => {
    const path = left(folder(), 'gone', { task: '4194304/task/4194304' }); // one more than the highest pid
    expect(isAlive(path, readOwner(path) as Owner)).toBe(false);
  });

  it('that is a zombie is dead', async () => {
    // sh becomes a process that does not wait for its child.
    const code = 'setTimeout(() => {}, 60000)';
    const parent = spawn('sh', ['-c', `sleep 0.05 & echo $!; exec "${process.execPath}" -e "${code}"`]);
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const stat = () => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\) /s, '').split(' ');
    await until(() => stat()[0] === 'Z', 'zombie');
    const path = left(folder(), 'zombie', { pid, task: `${pid}/task/${pid}`, start: stat()[19] as string });
    expect(isAlive(path, readOwner(path) as Owner)).toBe(false);
  });

  it.each([
    ['in another container', { namespace: 'pid:[1]' }],
    ['without /proc', { task: '', start: '', namespace: '' }],
  ])('%s is alive as long as it gives signs of life', (_name, owner) => {
    const path = left(folder(), 'elsewhere', owner);
    expect(isAlive(path, readOwner(path) as Owner)).toBe(true);
    silent(path);
    expect(isAlive(path, readOwner(path) as Owner)).toBe(false);
  });

  it.each(['', 'null', '{}', '[]', '{"pid":1}', '{"pid":1,"task":"../1","start":"","namespace":"","id":""}'])(
    '%j is none',
    (text) => {
      const path = folder();
      writeFileSync(join(path, 'owner'), text);
      expect(readOwner(path)).toBe(undefined);
    },
  );
});

describe('sweep()', () => {
  it('removes what the dead left, and nothing else', () => {
    const parent = folder();
    const outside = folder();
    writeFileSync(join(outside, 'precious'), '');
    const gone = left(parent, 'dead', dead);
    symlinkSync(outside, join(gone, 'link'));
    mkdirSync(join(gone, 'deep/er'), { recursive: true });
    left(parent, '.new-half', dead);
    left(parent, 'alive', {});
    mkdirSync(join(parent, 'no owner'));
    writeFileSync(join(parent, 'file'), '');
    left(outside, 'dead elsewhere', dead);
    symlinkSync(join(outside, 'dead elsewhere'), join(parent, 'symbolic link'));
    sweep(parent);
    expect(readdirSync(parent).sort()).toEqual(['alive', 'file', 'no owner', 'symbolic link']);
    expect(readdirSync(outside).sort()).toEqual(['dead elsewhere', 'precious']);
  });

  it('does not follow a link in the place of an owner', () => {
    const parent = folder();
    const path = left(parent, 'x', dead);
    renameSync(join(path, 'owner'), join(path, 'real'));
    symlinkSync('real', join(path, 'owner'));
    sweep(parent);
    expect(readdirSync(parent)).toEqual(['x']);
  });

  it('of processes removes their directories when they are empty', () => {
    const place = folder();
    left(join(place, '4194304'), 'a', { ...dead, task: '4194304/task/4194304' });
    left(join(place, '12'), 'dead', dead);
    left(join(place, '12'), 'alive', {});
    left(place, 'no pid', dead);
    symlinkSync(join(place, 'no pid'), join(place, '99'));
    sweepProcesses(place);
    expect(readdirSync(place).sort()).toEqual(['12', '99', 'no pid']);
    expect(readdirSync(join(place, '12'))).toEqual(['alive']);
  });
});

describe('claim()', () => {
  it('takes over from the dead, but not from the living', () => {
    const parent = folder();
    left(parent, 'x', dead);
    const mine = claim(parent, 'x');
    expect(isHeld(mine)).toBe(true);
    expect(() => claim(parent, 'x')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(isHeld(mine)).toBe(true);
    expect(readdirSync(parent)).toEqual(['x']);
  });

  it('takes over from a container that ended a moment ago', () => {
    const parent = folder();
    left(parent, 'x', { namespace: 'pid:[1]' });
    expect(isHeld(claim(parent, 'x'))).toBe(true);
  });

  it('does not take a link for a directory', () => {
    const parent = folder();
    symlinkSync(folder(), join(parent, 'x'));
    expect(() => claim(parent, 'x')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  });

  it('of a process is below its pid', () => {
    const place = folder();
    expect(claimForProcess(place, 'x').path).toBe(join(place, String(process.pid), 'x'));
  });

  it('release() leaves alone what somebody else has made there since', () => {
    const parent = folder();
    const mine = claim(parent, 'x');
    rmSync(mine.path, { recursive: true });
    const other = claim(parent, 'x');
    release(mine);
    expect(isHeld(other)).toBe(true);
    release(other);
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('places', () => {
  it('$XDG_RUNTIME_DIR comes first, if it is ours', () => {
    const runtime = folder();
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('XDG_RUNTIME_DIR', runtime);
    expect(userPlace()).toBe(join(runtime, 'padata'));
    expect(lstatSync(userPlace()).mode & 0o7777).toBe(0o700);
    expect(placesToLook()[0]).toBe(join(runtime, 'padata'));
    for (const unfit of ['relative', join(runtime, 'nothing'), '']) {
      vi.stubEnv('XDG_RUNTIME_DIR', unfit);
      expect(placesToLook().some((path) => path.startsWith(runtime))).toBe(false);
    }
  });

  it('a link in the place of ours is passed over', () => {
    const runtime = folder();
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('XDG_RUNTIME_DIR', runtime);
    symlinkSync(folder(), join(runtime, 'padata'));
    expect(userPlace()).not.toContain(runtime);
  });

  it('a directory of ours is closed to others; links, files and what belongs to others are refused', () => {
    const parent = folder();
    const path = join(parent, 'open');
    mkdirSync(path);
    chmodSync(path, 0o755);
    privateDirectory(path);
    expect(lstatSync(path).mode & 0o7777).toBe(0o700);
    symlinkSync(path, join(parent, 'link'));
    writeFileSync(join(parent, 'file'), '');
    for (const name of ['link', 'file']) {
      expect(() => privateDirectory(join(parent, name))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    }
    const others = userId() === 0 ? path : '/etc';
    if (userId() === 0) chownSync(path, 65534, 65534);
    expect(() => privateDirectory(others)).toThrow(expect.objectContaining({ code: 'EPERM' }));
  });

  it('a named one is made, and must not be writable for everybody', () => {
    const path = join(folder(), 'a/b');
    expect(namedPlace(path)).toBe(path);
    expect(lstatSync(path).mode & 0o7777).toBe(0o700);
    chmodSync(path, 0o777);
    expect(() => namedPlace(path)).toThrow(expect.objectContaining({ code: 'EPERM' }));
    chmodSync(path, 0o1777);
    expect(namedPlace(path)).toBe(path);
  });
});
