import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { capture, ethernet, ipv4, ipv6 } from '../support/capture.js';
import { inFolder, realCapture } from '../support/cli.js';

const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'demo.js');
const demo = (...args: string[]) => promisify(execFile)(process.execPath, [program, ...args]);

/** What the demo says when all went well, for so many packets. */
function proof(packets: string): RegExp {
  return new RegExp(
    `^encrypted +${packets} packets, .* packets/s, .*/s\n +meanwhile, cpumasks changed \\d+ times: parallel \\d+, serial \\d+, [\\s\\S]*` +
      `^proved +all ${packets} packets are back, each at its place, byte for byte\n` +
      'node:crypto +the same ciphertexts [\\s\\S]*\n +padata did [\\d.]+ times as many',
    'm',
  );
}

describe('the demo', () => {
  it('encrypts an IMIX capture and proves that it comes back', async () => {
    const { stdout, stderr } = await demo();
    expect(stdout).toMatch(/^capture +IMIX, .*: 300,000 packets, /);
    expect(stdout).toMatch(proof('300,000'));
    expect(stderr).toBe('');
  });

  it('takes a capture, of both versions of IP', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'in.pcap');
      const frames = Array.from({ length: 1000 }, (_, i) => ({
        bytes: i % 2 ? ethernet(ipv4(40 + i, i), 0x0800) : ethernet(ipv6(60 + i, i), 0x86dd),
      }));
      await writeFile(path, capture([...frames, { bytes: ethernet(Buffer.alloc(40), 0x0806) }], { linkType: 1 }));
      expect((await demo(path)).stdout).toMatch(proof('1,000'));
    });
  });

  const real = realCapture();
  if (!real) console.log('skipped: the capture of real traffic is not there');
  it.runIf(real)('takes real traffic', async () => {
    expect((await demo(real as string)).stdout).toMatch(proof('601'));
  });

  it('says what is wrong with a capture', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'in.pcap');
      await writeFile(path, capture([{ bytes: ethernet(Buffer.alloc(40), 0x0806) }], { linkType: 1 }));
      await expect(demo(path)).rejects.toMatchObject({
        code: 1,
        stderr: 'demo: there is no IP packet in the capture\n',
      });
      await writeFile(path, capture([{ bytes: ipv4(40) }]).subarray(0, -1));
      await expect(demo(path)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^demo: at byte offset 79: /),
      });
      await expect(demo(join(folder, 'none'))).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('ENOENT'),
      });
    });
  });
});
