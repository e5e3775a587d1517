/**
 * Counts the instructions that the core needs for a job that does nothing, and compares them with bench/instructions.json: a number
 * that does not depend on the noise of a machine. `node bench/instructions.mjs`, with --write to keep what was counted, with --profile to see
 * in which functions. Needs valgrind.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPrograms, programPath } from './lib/native.mjs';

const file = new URL('./instructions.json', import.meta.url);
/** The difference of two runs leaves out what is done once. Both have whole segments, batches and laps of the ring. */
const fewer = 65_536;
const more = 131_072;
const valgrind = ['--tool=callgrind', '--collect-atstart=no', '--toggle-collect=DriveJobs'];

/** @param {number} jobs @param {string} profile where callgrind puts the details */
function instructionsOf(jobs, profile = '/dev/null') {
  const args = [...valgrind, `--callgrind-out-file=${profile}`, programPath('instructions'), `${jobs}`];
  const { status, stderr, error } = spawnSync('valgrind', args, { encoding: 'utf8' });
  if (error) throw new Error(`valgrind does not start (Debian package valgrind): ${error.message}`);
  const collected = /Collected : (\d+)/.exec(stderr);
  if (status !== 0 || !collected) throw new Error(`valgrind ended with ${status}:\n${stderr}`);
  return Number(collected[1]);
}

/** Prints how many instructions of a job are in which function, from one on. */
function showProfile() {
  const folder = mkdtempSync(join(tmpdir(), 'padata-callgrind-'));
  try {
    const file = join(folder, 'callgrind.out');
    instructionsOf(more, file);
    const text = execFileSync('callgrind_annotate', ['--auto=no', file], { encoding: 'utf8' });
    for (const [, count, name] of text.matchAll(/^ *([\d,]+) \( *[\d.]+%\) +\S+?:(\S.*?)(?: \[\S+\])?$/gm)) {
      const perJob = Number(count.replaceAll(',', '')) / more;
      if (perJob >= 1) console.log(`${perJob.toFixed(1).padStart(8)}  ${name}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compilerVersion() {
  return execFileSync('c++', ['-dumpfullversion', '-dumpversion'], { encoding: 'utf8' }).trim();
}

function main() {
  const { values } = parseArgs({
    options: { write: { type: 'boolean', default: false }, profile: { type: 'boolean', default: false } },
  });
  buildPrograms();
  if (values.profile) return showProfile();
  const counted = (instructionsOf(more) - instructionsOf(fewer)) / (more - fewer);
  const compiler = `c++ ${compilerVersion()}, ${process.arch}`;
  /** @type {{ perNoopJob: number, tolerance: number, compiler: string }} */
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  console.log(`${counted.toFixed(1)} instructions for a no-op job of the core (${kept.perNoopJob} are kept)`);
  if (values.write) {
    const now = { ...kept, perNoopJob: Number(counted.toFixed(1)), compiler };
    writeFileSync(file, `${JSON.stringify(now, undefined, 2)}\n`);
    return;
  }
  if (compiler !== kept.compiler) {
    console.log(`not compared: the kept number is of ${kept.compiler}, and this is ${compiler}`);
    return;
  }
  const change = counted / kept.perNoopJob - 1;
  if (Math.abs(change) <= kept.tolerance) return;
  const percent = `${(100 * Math.abs(change)).toFixed(1)} % ${change > 0 ? 'more' : 'fewer'}`;
  throw new Error(
    `${percent} instructions than kept, and ${100 * kept.tolerance} % are tolerated.\n` +
      'If that is meant to be so: node bench/instructions.mjs --write, and say in the commit what they are spent on.',
  );
}

try {
  main();
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 1;
}
