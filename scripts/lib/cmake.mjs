// The development addon by cmake-js. It takes the headers of Node-API from node_modules: native/package.json tells it
// that the addon needs no others.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from './addons.mjs';

const require = createRequire(import.meta.url);

/** @param {string} command */
const runs = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** Whether there is a CMake that can read JSON (3.19), and something for it to drive. */
export function cmakeIsUsable() {
  const { status, stdout } = spawnSync('cmake', ['--version'], { encoding: 'utf8' });
  if (status !== 0) return false;
  const [major, minor] = (/(\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  return (major > 3 || (major === 3 && minor >= 19)) && (runs('ninja') || runs('make'));
}

/** @param {string} output where the addon goes */
export function buildWithCMake(output) {
  const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin/cmake-js');
  const out = join(root, 'build/cmake-js');
  const args = [cmakeJs, 'build', '--directory', join(root, 'native'), '--out', out, '--CDPADATA_TESTS=OFF'];
  const { status } = spawnSync(process.execPath, [...args, '--parallel', '2', '--log-level', 'warn'], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`cmake-js ended with ${status}`);
  replace(join(out, 'Release/padata.node'), output);
}

/**
 * Puts a new file in the place of one that running processes may have mapped: a new inode, never new bytes in the old.
 *
 * @param {string} from
 * @param {string} to
 */
export function replace(from, to) {
  const next = `${to}.${process.pid}`;
  mkdirSync(dirname(to), { recursive: true });
  try {
    copyFileSync(from, next);
    renameSync(next, to);
  } finally {
    rmSync(next, { force: true });
  }
}
