/** scripts/lib/direct.mjs: an addon by the compiler alone, and only what changed is compiled again. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../support/sources.js';

const nodeApi: string = createRequire(import.meta.url)('node-api-headers').include_dir;
let folder: string;

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

/** Makes a file look as if it had been changed in a second from now. */
function touch(name: string) {
  const soon = Date.now() / 1000 + 1;
  utimesSync(join(folder, name), soon, soon);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'padata-build-'));
  write(
    'addon.c',
    '#include <node_api.h>\nint value(void);\nNAPI_MODULE_INIT() { napi_create_int32(env, value(), &exports); return exports; }\n',
  );
  write('value.c', '#include "value.h"\nint value(void) { return VALUE; }\n');
  write('value.h', '#define VALUE 1\n');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Builds in a process of its own, and says which sources were compiled. */
function build(extraFlag = '-Wall'): string[] {
  const before = objectTimes();
  const addon = {
    name: 'sample',
    sources: [join(folder, 'addon.c'), join(folder, 'value.c')],
    cFlags: ['-std=c11', '-fPIC', '-DNAPI_VERSION=8', '-isystem', nodeApi, extraFlag],
    cxxFlags: [],
    linkFlags: [],
    objects: join(folder, 'objects'),
    output: join(folder, 'out/sample.node'),
  };
  const code = `import { buildDirectly } from '${root}/scripts/lib/direct.mjs'; await buildDirectly(${JSON.stringify(addon)});`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', code], { stdio: 'pipe' });
  return [...objectTimes()].filter(([name, time]) => before.get(name) !== time).map(([name]) => name);
}

/** When each object file was made, by the name of its source. */
function objectTimes(): Map<string, number> {
  const objects = readdirSync(folder).includes('objects') ? readdirSync(join(folder, 'objects')) : [];
  const made = (name: string) => statSync(join(folder, 'objects', name)).mtimeMs;
  const files = objects.filter((name) => name.endsWith('.o')).sort();
  return new Map(files.map((name) => [name.match(/(\w+\.c)\.o$/)![1]!, made(name)]));
}

/** What the addon exports, in a process of its own: a library is mapped once. */
const exportedValue = () =>
  Number(execFileSync(process.execPath, ['-p', `require('${folder}/out/sample.node')`], { encoding: 'utf8' }));

test('everything is compiled at first, nothing the second time', () => {
  expect(build()).toEqual(['addon.c', 'value.c']);
  expect(exportedValue()).toBe(1);
  expect(build()).toEqual([]);
});

test('a changed header compiles what includes it, and the addon is linked anew', () => {
  build();
  write('value.h', '#define VALUE 2\n');
  touch('value.h');
  expect(build()).toEqual(['value.c']);
  expect(exportedValue()).toBe(2);
});

test('other flags compile everything', () => {
  build();
  expect(build('-Wextra')).toEqual(['addon.c', 'value.c']);
});

test('an error of the compiler is an error, and the next build tries again', () => {
  build();
  write('value.c', 'int value(void) { return }\n');
  touch('value.c');
  expect(() => build()).toThrow(/ended with 1/);
  expect(() => build()).toThrow(/ended with 1/);
});
