/** The examples: each one runs, says nothing on standard error, and prints what it is to print. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/sources.js';

const folder = join(root, 'examples');
const nativeAddon = 'native-addon/index.mjs';

/** What the examples of the kernel's two APIs print: the same. */
const PACKETS =
  /^packet 1: 116 bytes, 80a976e1\npacket 2: 216 bytes, 0de15757\n(packet \d: \d16 bytes, [0-9a-f]{8}\n){5}packet 8: 816 bytes, 29b536f6\n$/;

/** What each example prints; where it names CPUs, they are those of the machine. */
const expected: Record<string, RegExp> = {
  'abort.mjs': /^AbortError\nthe second job is not affected\nAbortError\ntrue TimeoutError\n$/,
  'backpressure.mjs': /^record 999\nnever more than (1[0-9]|2[0-4]) records ahead\n$/,
  'cb-cpu.mjs': /^first shell: true\nsecond shell: true\npreferred: true\nreplaced: true\n$/,
  'change-cpumasks.mjs': /^in mid-run\n(usable now: parallel [\d,-]+\n)*2000 of 2000 delivered\n$/,
  'checksums.mjs': /^alpha {2}d0e0396a\nbeta {2}8f910463\ngamma {2}c443d071\ndelta {2}9643fed9\n$/,
  'closures.mjs':
    /^(finished {3}.*\n){3}delivered {2}first, slow\ndelivered {2}second, fast\ndelivered {2}third, in between\n$/,
  'control-files.mjs': /^shown as supplied: true\ninvalid\nEINVAL true\n$/,
  'cpumask-text.mjs': /^010f\n32\n0,4,8,12,16,20,24,28\n8-15 0,2 5-7\n1-3,5-7 6-7 0-7,12 8 7\nEOVERFLOW\ntrue\n$/,
  'encrypt-stream.mjs': /^100 records, as they were\n$/,
  'errors.mjs': /^0 one\n1 EBADMSG\n2 three\nThe "job\.data\.data" argument must be a Uint8Array or Buffer\..*\n$/,
  'esp-tunnel.mjs': /^44 bytes became 100\nand came back as they were\nsent once more: ESTALE\n$/,
  'file-blocks.mjs': /^block 0: [0-9a-f]{8}\n100 blocks\n$/,
  'file-histogram.mjs': /^(0x[0-9a-f]{2} {2}[ \d.]{5} %\n){3}all bytes counted: true\n$/,
  'job-class.mjs': /^10000 packets in 64 objects, total effec78\n$/,
  'kernel-2.6.34.mjs': PACKETS,
  'kernel-2020.mjs': PACKETS,
  'leave-a-cpu.mjs': /^parallel\(\) ran on the others only\n$/,
  'max-pending.mjs': /^500 delivered; the queue was full in between\n500 mapped\n$/,
  'mixed-functions.mjs':
    /^a timer of 30 ms\na checksum, cbf43926\n2 ms of work on another thread\na function of JavaScript, SHOUT\n$/,
  'module-function.mjs': /^9592 primes below 100000\n$/,
  'module-stop.mjs': /^TimeoutError\nETIMEDOUT\nTimeoutError\n$/,
  'ordered-reads.mjs': /^(.*\.mjs: .*\?.*\n){3}in order: true, at most 4 open at once\n$/,
  'shells.mjs': /^quick: e8b7be43\nslow: 2 jobs wait for their turn\nslow: the first job\nslow: the second job\n$/,
  'shutdown.mjs': /^accepted and delivered: the same\nstopped\n$/,
  'stats.mjs': /^running, 1 shell, 200 jobs pending\n200 jobs, all on usable CPUs: true\n$/,
  'worker.mjs': /^main thread b41c5457\nworker 1 89960eed\nworker 2 109f5f57\n$/,
  [nativeAddon]: /^88e82121ec524fe4\nthe same 3 times: true\n$/,
};

/** Compiles the example addon with nothing but a compiler, as its README says. */
function buildNativeAddon(): void {
  const cwd = join(folder, 'native-addon');
  const headers: string = createRequire(import.meta.url)('node-api-headers').include_dir;
  mkdirSync(join(cwd, 'build/Release'), { recursive: true });
  const warnings = ['-std=c11', '-pedantic', '-Wall', '-Wextra', '-Werror'];
  const includes = [`-I${join(root, 'native/include')}`, '-isystem', headers];
  const output = ['ledger.c', '-o', 'build/Release/ledger.node'];
  execFileSync('cc', [...warnings, '-O2', '-fPIC', '-shared', ...includes, ...output], { cwd });
}

/** All examples, by their paths in the folder. */
function examples(): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('.mjs') && !name.startsWith('modules')).sort();
}

describe('the examples of the kernel’s two APIs', () => {
  it('print the same', async () => {
    const [first, second] = await Promise.all(
      ['kernel-2020.mjs', 'kernel-2.6.34.mjs'].map((name) =>
        promisify(execFile)(process.execPath, [join(folder, name)]),
      ),
    );
    expect(first!.stdout).toBe(second!.stdout);
    expect(first!.stdout.split('\n')).toHaveLength(9);
  });
});

describe('an example', () => {
  beforeAll(buildNativeAddon);

  it('is tested here', () => {
    expect(examples()).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.keys(expected))('%s begins with the question that it answers, which the list has', (name) => {
    const question = /^\/\/ ([A-Z][^\n]*?\?)/.exec(readFileSync(join(folder, name), 'utf8'))?.[1];
    expect(question).toBeDefined();
    const link = dirname(name) === '.' ? `| ${question} | [\`${name}\`](${name}) |` : `](${dirname(name)}/README.md)`;
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(link);
  });

  it.each(Object.keys(expected))('%s prints what it says', async (name) => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, name)]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(expected[name]!);
  });
});
