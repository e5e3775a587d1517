/**
 * Counts the instructions that the core needs for a job that does nothing, and compares them with bench/instructions.json: a number
 * that does not depend on the noise of a machine. `node bench/instructions.mjs`, with --write to keep what was counted, with --profile to see
 * in which functions. Needs valgrind.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPrograms, programPath } from './lib/native.mjs';

const kept = new URL('./instructions.json', import.meta.url);
/** The difference of two runs leaves out what is done once. Both have whole segments, batches and laps of the ring. */
const fewer = 65_536;
const more = 131_072;

/** Runs so many jobs under callgrind: function name to instructions. @param {number} jobs @param {string} folder for callgrind's file */
function countOf(jobs, folder) {
  const file = join(folder, `callgrind.${jobs}`);
  const collect = ['--collect-atstart=no', '--toggle-collect=DriveJobs', `--callgrind-out-file=${file}`];
  execFileSync('valgrind', ['--tool=callgrind', ...collect, programPath('instructions'), `${jobs}`], { stdio: 'pipe' });
  const annotate = ['--auto=no', '--threshold=100', file];
  const text = execFileSync('callgrind_annotate', annotate, { encoding: 'utf8', stdio: 'pipe' });
  const lines = text.matchAll(/^ *([\d,]+) \( *[\d.]+%\) +[^:\s]+:(.*?)(?: \[\S+\])?$/gm);
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const [, count, name] of lines) counts.set(name, (counts.get(name) ?? 0) + Number(count.replaceAll(',', '')));
  return counts;
}

/** Function name to instructions for each job, the largest first. @returns {[name: string, perJob: number][]} */
function perJob() {
  const folder = mkdtempSync(join(tmpdir(), 'padata-callgrind-'));
  try {
    const [all, once] = [countOf(more, folder), countOf(fewer, folder)];
    const counted = [...all].map(
      ([name, count]) => /** @type {[string, number]} */ ([name, (count - (once.get(name) ?? 0)) / (more - fewer)]),
    );
    return counted.sort(([, one], [, other]) => other - one);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is in native/src; the rest is the event loop of the tests, and the C library. @param {string} name */
const isCore = (name) => /^padata::(?!test::)/.test(name);

/** @param {number} core @param {string} compiler */
function compare(core, compiler) {
  const before = JSON.parse(readFileSync(kept, 'utf8'));
  if (compiler !== before.compiler) {
    console.log(`not compared: the kept number is of ${before.compiler}, and this is ${compiler}`);
    return;
  }
  const change = core / before.core - 1;
  console.log(`kept: ${before.core} in the core`);
  if (Math.abs(change) <= before.tolerance) return;
  const percent = `${(100 * Math.abs(change)).toFixed(1)} % ${change > 0 ? 'more' : 'fewer'}`;
  throw new Error(
    `${percent} instructions than kept, and ${100 * before.tolerance} % are tolerated.\n` +
      'If that is meant to be so: node bench/instructions.mjs --write, and say in the commit what they are spent on.',
  );
}

function main() {
  const { values } = parseArgs({
    options: { write: { type: 'boolean', default: false }, profile: { type: 'boolean', default: false } },
  });
  buildPrograms();
  const functions = perJob();
  const sum = (/** @type {typeof functions} */ some) =>
    Number(some.reduce((total, [, count]) => total + count, 0).toFixed(1));
  const core = sum(functions.filter(([name]) => isCore(name)));
  const compiler = `c++ ${execFileSync('c++', ['-dumpfullversion', '-dumpversion'], { encoding: 'utf8' }).trim()}, ${process.arch}`;
  if (values.profile) {
    for (const [name, count] of functions) if (count >= 0.5) console.log(`${count.toFixed(1).padStart(8)}  ${name}`);
  }
  console.log(`instructions for a no-op job: ${core} in the core, ${sum(functions)} with the event loop of the tests`);
  if (!values.write) return compare(core, compiler);
  const { tolerance } = JSON.parse(readFileSync(kept, 'utf8'));
  writeFileSync(kept, `${JSON.stringify({ core, tolerance, compiler }, undefined, 2)}\n`);
}

try {
  main();
} catch (error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  console.error(code === 'ENOENT' ? `${message}: is valgrind installed?` : message);
  process.exitCode = 1;
}
