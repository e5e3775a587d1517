// Makes the binary that is published for this platform: prebuilds/linux-*/padata.*.node, by prebuildify and binding.gyp.
// The headers of Node are taken from beside the running node where they are there, so that nothing is fetched.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const require = createRequire(import.meta.url);
const root = resolve(import.meta.dirname, '..');
const prefix = resolve(process.execPath, '../..');

const env = { ...process.env };
if (!env.npm_config_nodedir && existsSync(join(prefix, 'include/node/common.gypi'))) env.npm_config_nodedir = prefix;

const prebuildify = require.resolve('prebuildify/bin.js');
const args = [prebuildify, '--napi', '--strip', '--tag-libc', `--target=${process.version}`];
const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
