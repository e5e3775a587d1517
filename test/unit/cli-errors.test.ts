import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture, ipv4, records } from '../support/capture.js';
import { inFolder, padata } from '../support/cli.js';

const input = capture(Array.from({ length: 50 }, (_, i) => ({ bytes: ipv4(100 + i, i) })));

/** A folder with a capture, a key, and things that are neither. */
function prepared<T>(
  use: (at: (name: string) => string, run: (...args: string[]) => ReturnType<typeof padata>) => Promise<T>,
) {
  return inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await writeFile(at('in.pcap'), input);
    await writeFile(at('cut.pcap'), input.subarray(0, -1));
    await writeFile(at('other.pcap'), capture([], { linkType: 105 }));
    await writeFile(at('text'), 'this is not a capture, and as a key it has a wrong length\n');
    await writeFile(at('key'), '00'.repeat(36), { mode: 0o600 });
    await mkdir(at('folder'));
    const usual = ['--spi', '256', '--key-file', at('key')];
    const run = (...args: string[]) =>
      padata(
        ['esp', 'encrypt', ...(args.length > 2 ? args : [...args, ...usual])].map((arg) =>
          arg.replace(/^@/, `${folder}/`),
        ),
      );
    return use(at, run);
  });
}

describe('padata esp refuses', () => {
  it.each([
    [[], /say encrypt or decrypt/],
    [['frobnicate', 'a', 'b'], /say encrypt or decrypt/],
    [['encrypt'], /give two captures/],
    [['encrypt', 'a'], /give two captures/],
    [['encrypt', 'a', 'b', 'c'], /one argument too many: c/],
    [['encrypt', 'a', 'b'], /--spi is missing/],
    [['encrypt', 'a', 'b', '--spi', '256'], /--key-file is missing/],
    ...['0', '-1', '255', '4294967296', '1.5', 'x', '0x', '', '1e3', '0x1g'].map((spi): [string[], RegExp] => [
      ['encrypt', 'a', 'b', `--spi=${spi}`, '--key-file', 'k'],
      spi === '' ? /--spi is missing/ : /--spi must be a number from 256 to 4294967295, .* not /,
    ]),
    [
      ['encrypt', 'a', 'b', '--spi', '256', '--key-file', 'k', '--mode', 'beet'],
      /--mode must be tunnel or transport, not beet/,
    ],
    [['encrypt', 'a', 'b', '--spi', '256', '--key-file', 'k', '--parallel', '1-'], /--parallel: /],
    [['encrypt', 'a', 'b', '--spi', '256', '--key-file', 'k', '--serial', 'all the CPUs'], /--serial: /],
    [['decrypt', 'a', 'b', '--spi', '256', '--key-file', 'k', '--replay-window', '-3'], /--replay-window/],
    [['encrypt', 'a', 'b', '--spi', '256', '--key-file', 'k', '--sequence', '1.5'], /--sequence must be a number/],
    [
      ['encrypt', 'a', 'b', '--spi', '256', '--key-file', 'k', '--auth-size', '7'],
      /--auth-size must be a number from 8 to 16/,
    ],
    [['decrypt', 'a', 'b', '--spi', '256', '--key-file', 'k', '--frobnicate'], /--frobnicate/],
  ] as [string[], RegExp][])('%j with exit status 2', async (args, message) => {
    const { status, stdout, stderr } = await padata(['esp', ...args]);
    expect({ status, stdout: stdout.toString() }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^Try: padata esp --help$/m);
  });
});

describe('padata esp fails, and leaves no output, for', () => {
  it.each([
    ['an input that is missing', ['@none', '@out'], 1, /ENOENT.*none/],
    ['an input that is a folder', ['@folder', '@out'], 2, /folder is a directory/],
    ['an input that is no capture', ['@text', '@out'], 1, /text: at byte offset 0: not a pcap file/],
    ['a link type that is not known', ['@other.pcap', '@out'], 1, /other\.pcap: at byte offset 20: link type 105/],
    ['standard input that is empty', ['-', '@out'], 1, /standard input: at byte offset 0: the file ends/],
    ['an output in no folder', ['@in.pcap', '@none/out'], 1, /ENOENT.*none/],
    ['an output that is a folder', ['@in.pcap', '@folder'], 2, /folder is a directory/],
    ['a key that is missing', ['@in.pcap', '@out', '--spi', '256', '--key-file', '@none'], 1, /ENOENT.*none/],
    ['a key of a wrong length', ['@in.pcap', '@out', '--spi', '256', '--key-file', '@text'], 1, /key/],
    [
      'CPUs that are not there',
      ['@in.pcap', '@out', '--spi', '256', '--key-file', '@key', '--parallel', '9999'],
      1,
      /EINVAL.*--parallel/,
    ],
    [
      'an algorithm that is not known',
      ['@in.pcap', '@out', '--spi', '256', '--key-file', '@key', '--algorithm', 'rot13'],
      2,
      /--algorithm.*rot13/,
    ],
    [
      'addresses of two versions',
      ['@in.pcap', '@out', '--spi', '256', '--key-file', '@key', '--source', '::1', '--destination', '1.2.3.4'],
      2,
      /--destination.*same IP version/,
    ],
    [
      'an address that is none',
      ['@in.pcap', '@out', '--spi', '256', '--key-file', '@key', '--source', 'here'],
      2,
      /--source.*here/,
    ],
  ] as [string, string[], number, RegExp][])('%s', async (_name, args, status, message) => {
    await prepared(async (at, run) => {
      const before = await readdir(at('.'));
      const ended = await run(...args);
      expect(ended.stderr).toMatch(message);
      expect(ended).toMatchObject({ status, stdout: Buffer.alloc(0) });
      expect(await readdir(at('.'))).toEqual(before);
    });
  });
});

describe('padata esp', () => {
  it('keeps what it did before a capture turned out to be damaged, beside the output', async () => {
    await prepared(async (at, run) => {
      await writeFile(at('out'), 'what was there');
      const { status, stdout, stderr } = await run('@cut.pcap', '@out');
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /cut\.pcap: at byte offset \d+: the file ends within record 50, after 148 of its 149 bytes/,
      );
      const part = /the packets so far are in (.*\.\d+\.part)$/m.exec(stdout.toString())?.[1] as string;
      expect(records(await readFile(part))).toHaveLength(49);
      expect(await readFile(at('out'), 'utf8')).toBe('what was there');
    });
  });

  it('may write to where it reads from, through a symbolic link that stays', async () => {
    await prepared(async (at, run) => {
      await symlink(at('in.pcap'), at('link'));
      expect(await run('@link', '@link')).toMatchObject({ status: 0, stderr: '' });
      const written = await readFile(at('in.pcap'));
      expect(records(written)).toHaveLength(50);
      expect(written.equals(input)).toBe(false);
      expect((await readFile(at('link'))).equals(written)).toBe(true);
    });
  });

  it('writes to a device as it is, and fails when that is full', async () => {
    await prepared(async (_at, run) => {
      expect(await run('@in.pcap', '/dev/null')).toMatchObject({ status: 0, stderr: '' });
      const full = await run('@in.pcap', '/dev/full');
      expect(full.status).toBe(1);
      expect(full.stderr).toMatch(/\/dev\/full: ENOSPC/);
    });
  });

  it('warns of a key that others can read', async () => {
    await prepared(async (at, run) => {
      await writeFile(at('loose'), '00'.repeat(36), { mode: 0o644 });
      const { status, stderr } = await run('@in.pcap', '@out', '--spi', '256', '--key-file', '@loose');
      expect(status).toBe(0);
      expect(stderr).toMatch(/^padata esp: warning: key file .*loose can be read by other users \(mode 0644\)/);
    });
  });
});
