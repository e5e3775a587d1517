// An addon by the compiler alone: what changed is compiled, two files at a time, then all is linked.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './addons.mjs';

const cc = process.env.CC ?? 'cc';
const cxx = process.env.CXX ?? 'c++';
const atATime = 2;

/** @param {import('./addons.mjs').Addon} addon */
export async function buildDirectly(addon) {
  const jobs = addon.sources.map((source) => compilation(addon, source));
  const stale = jobs.filter(isStale);
  await inParallel(stale, compile);
  const objects = jobs.map((job) => job.object);
  const link = [...objects, ...addon.linkFlags];
  if (!isLinkStale(addon, objects, link)) return;
  await linkAddon(addon, link);
  console.log(`${relative(root, addon.output)}: ${stale.length} of ${jobs.length} files compiled`);
}

/**
 * @typedef {object} Compilation
 * @property {string} source
 * @property {string} object
 * @property {string} compiler
 * @property {string[]} flags
 */

/**
 * @param {import('./addons.mjs').Addon} addon
 * @param {string} source
 * @returns {Compilation}
 */
function compilation(addon, source) {
  const object = join(addon.objects, `${relative(root, source).replaceAll('/', '-')}.o`);
  const isC = source.endsWith('.c');
  return { source, object, compiler: isC ? cc : cxx, flags: isC ? addon.cFlags : addon.cxxFlags };
}

/** An object is as old as it looks: compare it with its source, every header it saw, and the command that made it. */
function isStale(/** @type {Compilation} */ job) {
  const { object } = job;
  if (!existsSync(object) || !existsSync(`${object}.d`) || saved(object) !== commandOf(job)) return true;
  const made = statSync(object).mtimeMs;
  const seen = readFileSync(`${object}.d`, 'utf8').replaceAll('\\\n', ' ').split(/\s+/).slice(1).filter(Boolean);
  return seen.some((path) => !existsSync(path) || statSync(path).mtimeMs > made);
}

const commandOf = (/** @type {Compilation} */ job) => [job.compiler, ...job.flags].join('\n');

/** The command that made a file, kept beside it. */
function saved(/** @type {string} */ file) {
  return existsSync(`${file}.cmd`) ? readFileSync(`${file}.cmd`, 'utf8') : undefined;
}

async function compile(/** @type {Compilation} */ job) {
  mkdirSync(dirname(job.object), { recursive: true });
  const output = ['-c', job.source, '-o', job.object, '-MMD', '-MF', `${job.object}.d`];
  await run(job.compiler, [...job.flags, ...output]);
  writeFileSync(`${job.object}.cmd`, commandOf(job));
}

/**
 * @param {import('./addons.mjs').Addon} addon
 * @param {string[]} objects
 * @param {string[]} link
 */
function isLinkStale(addon, objects, link) {
  if (!existsSync(addon.output) || saved(join(addon.objects, addon.name)) !== link.join('\n')) return true;
  const made = statSync(addon.output).mtimeMs;
  return objects.some((object) => statSync(object).mtimeMs > made);
}

/**
 * The addon is renamed into its place: a process that has the old one mapped keeps it.
 *
 * @param {import('./addons.mjs').Addon} addon
 * @param {string[]} link
 */
async function linkAddon(addon, link) {
  const next = `${addon.output}.${process.pid}`;
  mkdirSync(dirname(addon.output), { recursive: true });
  await run(addon.sources.some((source) => source.endsWith('.cc')) ? cxx : cc, ['-shared', '-o', next, ...link]);
  renameSync(next, addon.output);
  writeFileSync(join(addon.objects, `${addon.name}.cmd`), link.join('\n'));
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Promise<void>} work
 */
async function inParallel(items, work) {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.on('error', (error) =>
      reject(new Error(`${command} cannot be run (${error.message}): install a C and C++ compiler`)),
    );
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${code}: ${args.join(' ')}`));
    });
  });
}
