// What the two addons are made of.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const require = createRequire(import.meta.url);

/** The root of the package. */
export const root = resolve(import.meta.dirname, '../..');

/**
 * @typedef {object} Addon
 * @property {string} name
 * @property {string[]} sources absolute paths; .c files are compiled as C11, .cc files as C++20
 * @property {string[]} cxxFlags
 * @property {string[]} cFlags
 * @property {string[]} linkFlags
 * @property {string} objects the folder of the object files
 * @property {string} output the .node file
 */

/** @returns {Record<string, string[]>} the arrays of native/sources.gypi */
function readSources() {
  const text = readFileSync(join(root, 'native/sources.gypi'), 'utf8');
  return JSON.parse(text).variables;
}

/** @param {string[]} dirs */
const includes = (dirs) => dirs.map((dir) => `-I${dir}`);

/** @param {string[]} dirs headers of others: no warnings for them */
const systemIncludes = (dirs) => dirs.flatMap((dir) => ['-isystem', dir]);

const nodeApi = require('node-api-headers').include_dir;
const nodeAddonApi = resolve(root, require('node-addon-api').include_dir);

/** @returns {Addon} */
export function padataAddon() {
  const list = readSources();
  const native = (/** @type {string} */ path) => join(root, 'native', path);
  return {
    name: 'padata',
    sources: [...list.core_files, ...list.functions_files, ...list.binding_files].map(native),
    cFlags: [],
    cxxFlags: [
      ...list.compile_flags,
      ...list.optimize_flags,
      ...list.addon_defines.map((define) => `-D${define}`),
      ...includes(list.own_include_dirs.map(native)),
      ...systemIncludes([nodeApi, nodeAddonApi]),
    ],
    linkFlags: [...list.link_flags, ...list.system_libraries],
    objects: join(root, 'build/direct'),
    output: join(root, 'build/Release/padata.node'),
  };
}

const sanitize = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer', '-g'];

/**
 * The same addon, watched by AddressSanitizer and UndefinedBehaviorSanitizer: for scripts/test-asan.sh. node-gyp-build finds
 * it in the folder that PADATA_PREBUILD names.
 *
 * @returns {Addon}
 */
export function sanitizedAddon() {
  const addon = padataAddon();
  return {
    ...addon,
    cxxFlags: [...addon.cxxFlags, '-O1', ...sanitize],
    linkFlags: [...addon.linkFlags, ...sanitize],
    objects: join(root, 'build/asan/objects'),
    output: join(root, 'build/asan/build/Release/padata.node'),
  };
}

/**
 * The addon of the tests: C11, and of ours it sees native/include alone.
 *
 * @returns {Addon}
 */
export function fixtureAddon() {
  const folder = join(root, 'test/fixtures/native-addon');
  const files = readdirSync(folder).filter((name) => name.endsWith('.c'));
  const common = [
    '-pthread',
    '-fPIC',
    '-fvisibility=hidden',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-O2',
    '-g',
    '-DNAPI_VERSION=8',
  ];
  return {
    name: 'fixture',
    sources: files.map((name) => join(folder, name)),
    cFlags: [
      '-std=c11',
      '-pedantic',
      ...common,
      ...includes([join(root, 'native/include')]),
      ...systemIncludes([nodeApi]),
    ],
    cxxFlags: [],
    linkFlags: ['-pthread'],
    objects: join(folder, 'build/objects'),
    output: join(folder, 'build/Release/fixture.node'),
  };
}
