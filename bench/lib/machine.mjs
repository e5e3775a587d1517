import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { threads } from './threads.mjs';

/** The first line of what a command prints; empty where there is no such command. @param {string} file @param {string[]} args */
function firstLine(file, args) {
  try {
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0];
  } catch {
    return '';
  }
}

/** @param {string} name a package that is measured */
function packageVersion(name) {
  const require = createRequire(import.meta.url);
  const paths = require.resolve.paths(name) ?? [];
  for (const path of paths) {
    try {
      return JSON.parse(readFileSync(`${path}/${name}/package.json`, 'utf8')).version;
    } catch {
      // Not in this node_modules; the next one may have it.
    }
  }
  return 'not installed';
}

/** Of everything that padata is compared with. */
function versions() {
  const pools = ['piscina', 'tinypool', 'workerpool', 'poolifier'];
  return {
    ...Object.fromEntries(pools.map((name) => [name, packageVersion(name)])),
    oneTBB: firstLine('pkg-config', ['--modversion', 'tbb']) || 'not installed',
    zlib: process.versions.zlib,
    'openssl command': firstLine('openssl', ['version']).split(' ')[1] ?? 'not installed',
  };
}

/** What a reader must know to judge the numbers. */
export function describeMachine() {
  const changed = firstLine('git', ['status', '--porcelain', '--untracked-files=no']) !== '';
  return {
    date: new Date().toISOString(),
    commit: firstLine('git', ['rev-parse', '--short=12', 'HEAD']) + (changed ? ' and uncommitted changes' : ''),
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cpus: threads,
    architecture: process.arch,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    virtual: /^flags.* hypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8')),
    kernel: os.release(),
    node: process.version,
    openssl: process.versions.openssl,
    compiler: firstLine('c++', ['--version']),
    versions: versions(),
    loadBefore: os.loadavg()[0],
  };
}
