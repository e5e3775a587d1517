/** What the published package is: its exports, both module systems, its files. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/sources.js';

const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
const specifierOf = (entry: string) => entry.replace(/^\./, 'padata');

/** Node itself imports and requires the entry, in a process of its own. */
function namesByNode(specifier: string) {
  const code = `
    import { createRequire } from 'node:module';
    import * as esm from '${specifier}';
    const cjs = createRequire('${root}/x.js')('${specifier}');
    const same = Object.keys(cjs).every((name) => cjs[name] === esm[name]);
    console.log(JSON.stringify({ esm: Object.keys(esm).sort(), cjs: Object.keys(cjs).sort(), same }));`;
  const args = ['--input-type=module', '--eval', code];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));
}

/** What `npm pack` would put into the package. */
function packedFiles(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const output = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(output)[0].files.map((file: { path: string }) => file.path);
}

describe.each(entries)('entry %s', (entry) => {
  test('every file of the exports map is there', () => {
    const { import: esm, require: cjs } = manifest.exports[entry];
    const missing = [esm.types, esm.default, cjs.types, cjs.default].filter((file) => !existsSync(join(root, file)));
    expect(missing).toEqual([]);
  });

  test('import and require give the same names and the same objects', () => {
    const { esm, cjs, same } = namesByNode(specifierOf(entry));
    expect(esm).toEqual(cjs);
    expect(esm.length).toBeGreaterThan(0);
    expect(same).toBe(true);
  });
});

describe('what is shut', () => {
  test.each(['padata/dist/index.js', 'padata/dist/internal/validate.js', 'padata/binding'])('%s', (specifier) => {
    expect(() => require(specifier)).toThrow(expect.objectContaining({ code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }));
  });
});

describe('manifest', () => {
  test('nothing runs when it is installed', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare'];
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
    expect(manifest.gypfile).toBe(false);
  });

  test('the loader of the binary is all that it depends on', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['node-gyp-build']);
  });

  test('the command is a script for node', () => {
    expect(readFileSync(join(root, manifest.bin.padata), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

describe('the packed files', () => {
  const files = packedFiles();
  test.each(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'native/include/padata.h', 'dist/index.js'])(
    'have %s',
    (file) => {
      expect(files).toContain(file);
    },
  );

  test('hold no sources, tests or builds', () => {
    const allowed =
      /^(package\.json|[A-Z]+(\.md)?|dist\/.*\.(js|mjs|d\.ts|d\.mts)|native\/include\/.*\.h|prebuilds\/.*\.node)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
  });
});
