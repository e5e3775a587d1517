/**
 * Counts the instructions that the event loop's part of a job takes, in the machine code that V8 makes of dist/: by function, and with
 * --function NAME by line. callgrind counts, V8 says which code is whose. `node bench/loop-instructions.mjs`, with --kind aead for packets of 64 bytes
 * from allocate() instead of jobs that do nothing. Needs valgrind.
 *
 * The numbers vary by a few in a hundred: it depends on timing what V8 inlines where.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { instructionCounts } from './lib/callgrind.mjs';
import { lastBefore, readJitDump } from './lib/jitdump.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const jobs = 200_000;
const inFlight = 256;
const packetSize = 64;
/** What was executed for less than one job in so many is start-up. */
const rare = 50;
/** callgrind makes all so slow that the loop would publish each job by itself; with such a clock it publishes as many together as it does otherwise. */
const slowness = 100;

/** Keeps jobs in flight until there were enough. @param {string} kind */
async function drive(kind) {
  const real = performance.now.bind(performance);
  performance.now = () => real() / slowness;
  const makeLane = await lanesOf(kind);
  let left = jobs;
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      const done = (/** @type {import('./lib/types.mjs').Lane} */ lane) => {
        if (--left >= inFlight) lane.submit();
        else if (left === 0) resolve();
      };
      for (let i = 0; i < inFlight; i++) makeLane(done).submit();
    })
  );
  process.exit(0);
}

/** @param {string} kind @returns {Promise<(done: import('./lib/types.mjs').Done) => import('./lib/types.mjs').Lane>} */
async function lanesOf(kind) {
  const { allocate, Padata } = await import('padata');
  const { PacketJob, PlainJob } = await import('./backends/padata-jobs.mjs');
  const shell = new Padata('instructions').createShell();
  if (kind === 'noop') {
    const { noop } = await import('padata/functions');
    return (done) => new PlainJob(shell, noop, done);
  }
  const { aead } = await import('padata/pcrypt');
  const { key, packetSource } = await import('./lib/packets.mjs');
  const { encrypt } = aead('gcm(aes)', key);
  const next = packetSource(inFlight, [packetSize], { allocate, allocateResult: allocate });
  return (done) => new PacketJob(shell, encrypt, next, done);
}

/** Runs drive() under callgrind. @param {string} kind @param {string} folder for what it writes */
function count(kind, folder) {
  const out = join(folder, 'out');
  const valgrind = ['--tool=callgrind', '--dump-instr=yes', '--separate-threads=yes', '--smc-check=all-non-file'];
  const node = [process.execPath, '--perf-prof', '--single-threaded-gc', fileURLToPath(import.meta.url)];
  const args = [...valgrind, `--callgrind-out-file=${out}`, ...node, '--drive', '--kind', kind];
  execFileSync('valgrind', args, { cwd: folder, stdio: 'pipe' });
  const dump = readdirSync(folder).find((name) => name.startsWith('jit-'));
  return { counts: instructionCounts(`${out}-01`), codes: readJitDump(join(folder, /** @type {string} */ (dump))) };
}

/**
 * Instructions for each job, by function and by line of it.
 *
 * @param {ReturnType<typeof count>} counted
 */
function byFunction({ counts, codes }) {
  /** @type {Map<string, Map<number, number>>} */
  const functions = new Map();
  for (const [address, times] of counts) {
    const code = times * rare < jobs ? undefined : lastBefore(codes, ({ begin }) => begin, address);
    if (code === undefined || address >= code.end || !code.name.startsWith('JS:*')) continue;
    const line = lastBefore(code.lines, (entry) => entry.address, address)?.line ?? 0;
    const lines = functions.get(code.name) ?? new Map();
    lines.set(line, (lines.get(line) ?? 0) + times / jobs);
    functions.set(code.name, lines);
  }
  return functions;
}

/** @param {Map<unknown, number>} counts */
const sum = (counts) => [...counts.values()].reduce((total, times) => total + times, 0);

/** @template K @param {Map<K, number>} counts @returns {[K, number][]} */
const sorted = (counts) => [...counts].sort(([, one], [, other]) => other - one);

/** @param {string} kind @param {string | undefined} wanted */
function report(kind, wanted) {
  const folder = mkdtempSync(join(tmpdir(), 'padata-callgrind-'));
  try {
    const functions = byFunction(count(kind, folder));
    const totals = new Map([...functions].map(([name, lines]) => [name, sum(lines)]));
    for (const [name, times] of sorted(totals)) {
      console.log(`${times.toFixed(1).padStart(8)}  ${name.slice('JS:*'.length).replace(root, '')}`);
      if (wanted === undefined || !name.startsWith(`JS:*${wanted} `)) continue;
      for (const [line, each] of sorted(/** @type {Map<number, number>} */ (functions.get(name)))) {
        console.log(`${each.toFixed(1).padStart(16)}  line ${line}`);
      }
    }
    console.log(`${sum(totals).toFixed(1).padStart(8)}  instructions of the event loop for a job, in JavaScript`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'noop' },
    function: { type: 'string' },
    drive: { type: 'boolean', default: false },
  },
});
if (!['noop', 'aead'].includes(values.kind)) throw new Error(`--kind is noop or aead, not ${values.kind}`);
if (values.drive) await drive(values.kind);
else report(values.kind, values.function);
