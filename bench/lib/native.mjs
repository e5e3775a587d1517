/**
 * Builds what lies in bench/native and says how to start it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const output = join(root, 'native/build/release');
const evpLoop = join(output, 'evp_loop.node');

/** Runs a build step; what it prints is shown only where it fails. @param {string} file @param {string[]} args @param {string} cwd */
function step(file, args, cwd) {
  try {
    execFileSync(file, args, { cwd, stdio: 'pipe' });
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: Buffer, stderr?: Buffer }} */ (error);
    throw new Error(`${[file, ...args].join(' ')} failed:\n${stdout}${stderr || error}`);
  }
}

/** Builds the programs of bench/native (cmake preset `release`) and the module that node loads. */
export function buildNative() {
  step('cmake', ['--preset', 'release'], join(root, 'native'));
  step('cmake', ['--build', '--preset', 'release'], join(root, 'native'));
  const source = join(root, 'bench/native/addon/evp_loop.cc');
  step('c++', ['-std=c++20', '-O2', '-shared', '-fPIC', '-pthread', '-o', evpLoop, source, '-ldl'], root);
}

/**
 * The command line of a native contender.
 *
 * @param {string} program a file of bench/native, without `.cc`
 * @param {string[]} args
 * @returns {[file: string, args: string[]]}
 */
export function nativeCommand(program, args) {
  if (program === 'evp_loop') {
    return [process.execPath, ['-e', 'process.dlopen({ exports: {} }, process.argv[1])', evpLoop]];
  }
  const file = join(output, program);
  if (!existsSync(file)) throw new Error(`${program} was not built: there is no bench/native/${program}.cc`);
  return [file, args];
}
