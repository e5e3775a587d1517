import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { capture, fileHeader, ipv4, record, records } from '../support/capture.js';
import { cli, ended, inFolder, padata, start } from '../support/cli.js';

const input = capture(Array.from({ length: 2000 }, (_, i) => ({ bytes: ipv4(28 + (i % 1400), i), seconds: i })));

/** A folder with a capture and a key, and the arguments that name the key. */
function prepared<T>(use: (folder: string, usual: string[]) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, 'in.pcap'), input);
    await writeFile(join(folder, 'key'), '5a'.repeat(36), { mode: 0o600 });
    return use(folder, ['--spi', '999', '--key-file', join(folder, 'key')]);
  });
}

describe('standard input and output', () => {
  it('carry captures, and the summary goes to standard error', async () => {
    await prepared(async (_folder, usual) => {
      const encrypted = await padata(['esp', 'encrypt', '-', '-', ...usual, '--json'], input);
      expect(encrypted.status).toBe(0);
      expect(JSON.parse(encrypted.stderr)).toMatchObject({
        output: '-',
        error: null,
        nextSequence: '2001',
        packets: { written: 2000 },
      });
      const decrypted = await padata(['esp', 'decrypt', '-', '-', ...usual], encrypted.stdout);
      expect(decrypted.stderr).toMatch(/^decrypted 2,000 of 2,000 packets, .* packets\/s, .*\/s\n$/);
      expect(decrypted.stdout.subarray(24).equals(input.subarray(24))).toBe(true);
    });
  });

  it('end a run that writes to nobody', async () => {
    await prepared(async (folder, usual) => {
      const child = start(['esp', 'encrypt', join(folder, 'in.pcap'), '-', ...usual]);
      child.stdout.destroy();
      const { status, stderr } = await ended(child);
      expect(status).toBe(1);
      expect(stderr).toMatch(/standard output: .*EPIPE/);
    });
  });
});

/** Runs the command on a terminal of its own, and returns what the terminal got. */
async function onTerminal(args: string[]): Promise<string> {
  const command = [process.execPath, cli, ...args].map((arg) => `'${arg}'`).join(' ');
  const env = { ...process.env, TERM: 'xterm' };
  return (await promisify(execFile)('script', ['-qec', command, '/dev/null'], { env })).stdout;
}

const hasScript = await access('/usr/bin/script').then(
  () => true,
  () => false,
);
if (!hasScript) console.log('skipped: there is no script(1) to give a terminal');

describe('the progress bar', () => {
  it.runIf(hasScript)('is on a terminal', async () => {
    await prepared(async (folder, usual) => {
      const shown = await onTerminal(['esp', 'encrypt', join(folder, 'in.pcap'), join(folder, 'out'), ...usual]);
      expect(shown.startsWith(`\r[${' '.repeat(24)}]   0 %  `)).toBe(true);
      expect(shown).toContain('\r\x1b[K'); // it is cleared
      expect(shown).toMatch(/encrypted 2,000 of 2,000 packets/);
      expect(records(await readFile(join(folder, 'out')))).toHaveLength(2000);
    });
  });

  it('is not in a pipe: there is nothing on standard error', async () => {
    await prepared(async (folder, usual) => {
      const run = await padata(['esp', 'encrypt', join(folder, 'in.pcap'), join(folder, 'out'), ...usual]);
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(run.stdout.toString()).not.toContain('\x1b');
    });
  });

  it.runIf(hasScript)('and no capture goes to or comes from a terminal', async () => {
    await prepared(async (folder, usual) => {
      const file = join(folder, 'in.pcap');
      for (const [from, to, message] of [
        [file, '-', 'standard output is a terminal'],
        ['-', join(folder, 'out'), 'standard input is a terminal'],
      ]) {
        const failed = await onTerminal(['esp', 'encrypt', from, to, ...usual]).catch((error) => error);
        expect(failed.code).toBe(2);
        expect(failed.stdout).toContain(message);
      }
    });
  });
});

/** Waits until a run that got its first packets has written something. */
async function underWay(child: ChildProcessWithoutNullStreams, folder: string): Promise<void> {
  child.stdin.write(input);
  for (;;) {
    if ((await readdir(folder)).some((name) => name.endsWith('.part'))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, status) => {
  it('stops a run, whose packets so far are a capture', async () => {
    await prepared(async (folder, usual) => {
      const out = join(folder, 'out.pcap');
      await writeFile(out, 'what was there');
      const child = start(['esp', 'encrypt', '-', out, ...usual, '--json']);
      await underWay(child, folder);
      const run = ended(child);
      child.kill(signal);
      const { stdout, stderr, ...how } = await run;
      expect(how).toEqual({ status, signal: null });
      expect(stderr).toBe(`padata esp: interrupted by ${signal}\n`);
      const summary = JSON.parse(stdout.toString());
      expect(summary).toMatchObject({ output: `${out}.${child.pid}.part`, error: `interrupted by ${signal}` });
      const packets = records(await readFile(summary.output));
      expect(packets).toHaveLength(summary.packets.written);
      expect(packets.map(({ seconds }) => seconds)).toEqual(packets.map((_, i) => i));
      expect(await readFile(out, 'utf8')).toBe('what was there');
    });
  });
});

describe('memory', () => {
  it('does not grow with the capture', { timeout: 300_000 }, async () => {
    const packets = 360_000;
    const block = Buffer.concat(Array.from({ length: 500 }, (_, i) => record({ bytes: ipv4(1400, i) })));
    function* stream(): Generator<Buffer> {
      yield fileHeader();
      for (let i = 0; i < packets; i += 500) yield block;
    }
    await prepared(async (_folder, usual) => {
      const child = start(['esp', 'encrypt', '-', '-', ...usual, '--json']);
      let bytes = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      const closed = once(child, 'close');
      let report = '';
      child.stderr.on('data', (chunk: Buffer) => {
        report += chunk;
      });
      await pipeline(Readable.from(stream()), child.stdin);
      expect((await closed)[0]).toBe(0);
      const summary = JSON.parse(report);
      expect(summary.packets.written).toBe(packets);
      expect(summary.bytes.read).toBeGreaterThan(500e6);
      expect(bytes).toBe(summary.bytes.written);
      expect(summary.maxRss).toBeLessThan(300e6);
    });
  });
});
