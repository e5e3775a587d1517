/**
 * Builds what lies in bench/native and says how to start it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packetSizes } from './packets.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const output = join(root, 'native/build/release');
const evpLoop = join(output, 'evp_loop.node');
/** Programs that node runs; they are told the sizes of packets. */
const scripts = ['evp_loop', 'openssl_speed'];

/** Runs a build step; what it prints is shown only where it fails. @param {string} file @param {string[]} args @param {string} cwd */
function step(file, args, cwd) {
  try {
    execFileSync(file, args, { cwd, stdio: 'pipe' });
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: Buffer, stderr?: Buffer }} */ (error);
    throw new Error(`${[file, ...args].join(' ')} failed:\n${stdout}${stderr || error}`);
  }
}

/** Builds the programs of bench/native (cmake preset `release`). */
export function buildPrograms() {
  step('cmake', ['--preset', 'release'], join(root, 'native'));
  step('cmake', ['--build', '--preset', 'release'], join(root, 'native'));
}

/** Builds the programs, and the module that node loads. */
export function buildNative() {
  buildPrograms();
  const source = join(root, 'bench/native/addon/evp_loop.cc');
  step('c++', ['-std=c++20', '-O2', '-shared', '-fPIC', '-pthread', '-o', evpLoop, source, '-ldl'], root);
}

/** Where a program of bench/native is. @param {string} program */
export const programPath = (program) => join(output, program);

/**
 * The command line of a native contender.
 *
 * @param {string} program a file of bench/native, without its ending
 * @param {string[]} args
 * @returns {[file: string, args: string[]]}
 */
export function nativeCommand(program, args) {
  if (scripts.includes(program)) {
    const script = join(root, `bench/native/${program}.mjs`);
    return [process.execPath, [script, '--sizes', JSON.stringify(packetSizes), ...args]];
  }
  const file = programPath(program);
  if (!existsSync(file)) throw new Error(`${program} was not built: there is no bench/native/${program}.cc`);
  return [file, args];
}
