/** One directory of control files: writes, refusals, and everything that may happen to a file. */
import { execFile, execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CpuMask, PadataError } from 'padata';
import { describe, expect, it } from 'vitest';
import { readLastError } from '../../dist/control/last-error.js';
import { writeMask } from '../../dist/control/write-mask.js';
import { controlFiles, folder } from '../support/control.js';
import { until } from '../support/padata.js';

const file = 'parallel_cpumask';

describe('the files', () => {
  it("show the user-supplied masks in the kernel's format, with mode 0600 in 0700", () => {
    const { files, path, read } = controlFiles({ nrCpus: 40 });
    expect([read(file), read('serial_cpumask'), read('last_error')]).toEqual(['00,0000000f\n', '00,0000000f\n', '']);
    expect(lstatSync(files.directory).mode & 0o7777).toBe(0o700);
    for (const name of readdirSync(files.directory)) expect(lstatSync(path(name)).mode & 0o7777).toBe(0o600);
  });

  it('are gone after close(), with the directory', () => {
    const { files, parent } = controlFiles();
    writeFileSync(join(files.directory, 'an editor left this'), '');
    files.close();
    files.close();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('show what was set otherwise', () => {
    const { files, target, read } = controlFiles();
    target.setCpumask('serial', target.cpumask.serial.and('0'));
    files.show('serial');
    expect([read(file), read('serial_cpumask')]).toEqual(['0f\n', '01\n']);
    files.check();
    expect(target.stores).toEqual(['0']);
  });
});

describe('a write', () => {
  it('is set, and shown in canonical form', () => {
    const { files, target, path, read } = controlFiles();
    writeFileSync(path(file), ' 3,\n');
    files.check();
    expect(target.stores).toEqual(['0-1']);
    expect([read(file), read('last_error')]).toEqual(['03\n', '']);
    files.check();
    expect(target.stores).toEqual(['0-1']);
  });

  it('of the mask that is there is a write, too', () => {
    const { files, target, path, inode } = controlFiles();
    utimesSync(path(file), 1, 1); // the clock of a file system may not have moved on
    files.check();
    const before = inode(file);
    writeFileSync(path(file), '0f\n');
    files.check();
    expect(target.stores.at(-1)).toBe('0-3');
    expect(inode(file)).not.toBe(before);
  });

  it('counts with its first 4096 bytes', () => {
    const { files, target, path } = controlFiles();
    writeFileSync(path(file), `${' '.repeat(4095)}12`);
    files.check();
    expect(target.stores).toEqual(['0']);
  });

  it('to both files is taken in the order of the writes', () => {
    const { files, target, path } = controlFiles();
    writeFileSync(path(file), '1');
    writeFileSync(path('serial_cpumask'), '2');
    utimesSync(path(file), 2000, 2000);
    utimesSync(path('serial_cpumask'), 1000, 1000);
    files.check();
    expect(target.stores).toEqual(['1', '0']);
  });

  it('may come as a file that is moved there', () => {
    const { files, target, path, read } = controlFiles();
    writeFileSync(path('mine'), '6');
    renameSync(path('mine'), path(file));
    files.check();
    expect([target.stores, read(file)]).toEqual([['1-2'], '06\n']);
  });

  it('behind the text that is there changes nothing', () => {
    const { files, target, path, read } = controlFiles();
    appendFileSync(path(file), '1\n');
    files.check();
    expect(target.stores).toEqual(['0-3']);
    expect(read(file)).toBe('0f\n');
  });
});

describe('a refused write', () => {
  it.each([
    ['100', 'EOVERFLOW'],
    ['0xf', 'EINVAL'],
    ['0-3', 'EINVAL'],
    ['"\u00e9', 'EINVAL'],
  ])('%j: %s, the file is put back, and it is told', (text, code) => {
    const { files, target, path, read } = controlFiles();
    writeFileSync(path(file), text, 'latin1');
    files.check();
    expect([target.stores, read(file)]).toEqual([[], '0f\n']);
    expect(target.errors).toEqual([expect.objectContaining({ code, syscall: file })]);
    expect(target.errors[0]).toBeInstanceOf(PadataError);
    const line = read('last_error');
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z parallel_cpumask E\w+ ".*" .*\n$/);
    expect(readLastError(files.directory)).toMatchObject({ file, code, text, message: target.errors[0]!.message });
  });

  it('is one that the instance refuses as well', () => {
    const { files, target, path, read } = controlFiles();
    target.refusal = new PadataError('EAGAIN', 'padata_set_cpumask', 'no thread could be started');
    writeFileSync(path(file), '1');
    files.check();
    expect([read(file), target.errors[0]?.code]).toEqual(['0f\n', 'EAGAIN']);
    expect(read('last_error')).toMatch(/ EAGAIN "1" .*no thread could be started/);
  });

  it('leaves a mask alone that was taken from the other file', () => {
    const { files, target, path, read } = controlFiles();
    writeFileSync(path(file), 'zz');
    writeFileSync(path('serial_cpumask'), '1');
    files.check();
    expect([target.stores, read(file), read('serial_cpumask')]).toEqual([['0'], '0f\n', '01\n']);
  });
});

describe('an empty file', () => {
  it('is no write, and is not put back while a writer may be at it', () => {
    const { files, target, path, read } = controlFiles();
    const fd = openSync(path(file), 'w');
    for (let i = 0; i < 3; i++) files.check();
    expect([target.stores, read(file)]).toEqual([[], '']);
    writeSync(fd, '1\n');
    closeSync(fd);
    files.check();
    expect([target.stores, read(file)]).toEqual([['0'], '01\n']);
  });

  it('shows the mask again in the end', () => {
    const { files, target, path, read } = controlFiles({ graceMs: 0 });
    truncateSync(path(file));
    files.check();
    expect([target.stores, read(file), target.errors]).toEqual([[], '0f\n', []]);
  });

  it('shows the mask again without any further event', async () => {
    const { path, read } = controlFiles({ graceMs: 30, pollMs: 10 });
    truncateSync(path(file));
    await until(() => read(file) === '0f\n', 'put back');
  });
});

describe('a writer that is slow', () => {
  it('is heard after its file was replaced', () => {
    const { files, target, path, read } = controlFiles({ graceMs: 0 });
    const fd = openSync(path(file), 'w');
    files.check();
    expect(read(file)).toBe('0f\n');
    writeSync(fd, '1\n');
    files.check();
    expect([target.stores, read(file)]).toEqual([['0'], '01\n']);
    closeSync(fd);
  });

  it('and writes several times does what it would do to a file of the kernel', () => {
    const { files, target, path, read } = controlFiles();
    const fd = openSync(path(file), 'w');
    for (const text of ['1', '2', 'zz\n', '4\n']) {
      writeSync(fd, text);
      files.check();
    }
    closeSync(fd);
    expect([target.stores, read(file), target.errors.length]).toEqual([['0', '1', '2'], '04\n', 1]);
  });

  it('is not overtaken by what was written before', () => {
    const { files, target, path, read } = controlFiles();
    const fd = openSync(path(file), 'r+');
    files.show('parallel'); // takes its file away
    writeSync(fd, '3\n');
    writeFileSync(path(file), '1\n');
    utimesSync(path(file), 1000, 1000);
    files.check();
    closeSync(fd);
    expect([target.stores, read(file)]).toEqual([['0', '0-1'], '03\n']);
  });
});

describe('what is no file is put back, and followed nowhere', () => {
  const others: [string, (path: string) => void][] = [
    ['nothing', () => {}],
    ['a symbolic link', (path) => symlinkSync(`${path}.target`, path)],
    ['a directory', (path) => mkdirSync(path)],
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
  ];
  it.each(others)('%s', (_name, make) => {
    const { files, target, path, read } = controlFiles();
    const aim = path(`${file}.target`);
    writeFileSync(aim, '1\n');
    unlinkSync(path(file));
    make(path(file));
    files.check();
    expect([target.stores, target.errors, read(file)]).toEqual([[], [], '0f\n']);
    expect(lstatSync(path(file)).isFile()).toBe(true);
    expect(read(`${file}.target`)).toBe('1\n');
    writeFileSync(path(file), '1\n');
    files.check();
    expect(target.stores).toEqual(['0']);
  });

  it('a directory that is not empty: told once, and put back when it is gone', () => {
    const { files, target, path, read } = controlFiles();
    unlinkSync(path(file));
    mkdirSync(path(`${file}/inner`), { recursive: true });
    for (let i = 0; i < 3; i++) files.check();
    expect(target.errors).toHaveLength(1);
    rmSync(path(file), { recursive: true });
    files.check();
    expect(read(file)).toBe('0f\n');
  });
});

describe('the directory', () => {
  it('is made again when somebody removes it', async () => {
    const { files, target, path, read } = controlFiles({ pollMs: 10, watches: true });
    rmSync(files.directory, { recursive: true });
    await until(() => existsSync(path('last_error')), 'made again');
    expect(read(file)).toBe('0f\n');
    writeFileSync(path(file), '1\n');
    await until(() => read(file) === '01\n', 'taken');
    expect(target.stores).toEqual(['0']);
  });
});

describe('noticing', () => {
  it.each([
    ['events alone', { watches: true }],
    ['the slow look alone', { pollMs: 20 }],
  ])('%s will do', async (_name, settings) => {
    const { path, read } = controlFiles(settings);
    for (const text of ['1', '2', '3']) {
      writeFileSync(path(file), `${text}\n`);
      await until(() => read(file) === `0${text}\n`, `taken: ${text}`);
    }
  });

  it('events tell of writes to a file that was replaced', async () => {
    const { files, path, read } = controlFiles({ watches: true });
    const fd = openSync(path(file), 'r+');
    files.show('parallel');
    await new Promise((resolve) => setTimeout(resolve, 100)); // the events of that have come
    writeSync(fd, '1\n');
    await until(() => read(file) === '01\n', 'taken');
    closeSync(fd);
  });
});

describe('many writers at once', () => {
  it('never leave a file that differs from the mask, and the last one wins', async () => {
    const { target, path, read } = controlFiles({ watches: true, pollMs: 50, nrCpus: 16 });
    const other = folder();
    const script = `for i in $(seq 150); do for m in 1 3 zz ff ff00 fffff ''; do printf '%s\\n' $m > "$0"; done; done; touch "$1"`;
    const writers = [0, 1, 2, 3].map((i) => {
      const name = i % 2 === 0 ? file : 'serial_cpumask';
      return promisify(execFile)('sh', ['-c', script, path(name), join(other, String(i))]);
    });
    await Promise.all(writers);
    expect(readdirSync(other)).toHaveLength(4);
    writeFileSync(path(file), 'abcd\n');
    writeFileSync(path('serial_cpumask'), 'dcba\n');
    const shown = () => `${read(file)}${read('serial_cpumask')}`;
    await until(() => target.cpumask.parallel.equals('0xabcd') && target.cpumask.serial.equals('0xdcba'), 'last');
    await until(() => shown() === 'abcd\ndcba\n', 'shown');
    // Two that write into one file at the same moment mix what they write, as in any file: the end of a longer text behind a shorter one.
    const written = ['1', '3', 'ff', 'ff00', 'fffff', 'abcd', 'dcba'].flatMap((text) =>
      [...text].map((_, i) => BigInt(`0x${text.slice(i)}`)),
    );
    const allowed = [0n, ...written.filter((mask) => mask < 0x10000n)];
    const seen = new Set(target.stores);
    const texts = allowed.map((mask) => [...Array(16).keys()].filter((cpu) => (mask >> BigInt(cpu)) & 1n));
    expect([...seen].filter((list) => !texts.some((cpus) => list === listOf(cpus)))).toEqual([]);
    expect(target.errors.every(({ code }) => code === 'EINVAL' || code === 'EOVERFLOW')).toBe(true);
    expect(target.stores.length).toBeGreaterThan(10);
  });
});

/** The kernel's list of ascending CPUs, written without the code under test. */
function listOf(cpus: number[]): string {
  const ranges: [number, number][] = [];
  for (const cpu of cpus) {
    const last = ranges.at(-1);
    if (last && last[1] === cpu - 1) last[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([a, b]) => (a === b ? String(a) : `${a}-${b}`)).join(',');
}

describe('writeMask()', () => {
  it('says that another writer has changed it meanwhile', async () => {
    const { files, target } = controlFiles({ watches: true });
    const set = target.setCpumask.bind(target);
    target.setCpumask = (type, mask) => set(type, mask.and('0'));
    const instance = { pid: process.pid, name: 'test', directory: files.directory };
    await expect(writeMask(instance, 'parallel', CpuMask.of(0, 1), 300)).rejects.toMatchObject({ code: 'EBUSY' });
    files.close();
    await expect(writeMask(instance, 'parallel', CpuMask.of(0), 300)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
