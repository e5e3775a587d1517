/** The layers of docs/architecture.md, and the sizes of files. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quotedIncludes, root, type Source, sourcesOf, systemIncludes, withoutComments } from '../support/sources.js';

const cpp = /\.(h|cc)$/;
const include = sourcesOf('native/include', /\.h$/);
const core = sourcesOf('native/src/core', cpp);
const functions = sourcesOf('native/src/functions', cpp);
const binding = sourcesOf('native/src/binding', cpp);
const lib = sourcesOf('lib', /\.m?ts$/);
const layers = ['include', 'core', 'functions', 'binding'];

/** The layer that an include lands in: a path from native/src, the name of a public header, or a neighbour. */
function layerOf(source: Source, included: string): string {
  if (existsSync(join(root, dirname(source.path), included))) return dirname(source.path).split('/').at(-1)!;
  if (existsSync(join(root, 'native/include', included))) return 'include';
  if (existsSync(join(root, 'native/src', included))) return included.split('/')[0]!;
  throw new Error(`${source.path} includes "${included}", which is no file of ours: use <> for headers of others`);
}

/** "file -> included file" for all that leaves the allowed layers. */
function strays(sources: Source[], allowed: string[]): string[] {
  return sources.flatMap((source) =>
    quotedIncludes(source)
      .filter((included) => !allowed.includes(layerOf(source, included)))
      .map((included) => `${source.path} -> ${included}`),
  );
}

/** The paths of those sources whose code (without comments) matches. */
const matching = (sources: Source[], pattern: RegExp) =>
  sources.filter(({ code }) => pattern.test(code)).map(({ path }) => path);

describe('native layers', () => {
  test('include/ includes nothing of ours, and of the C library only what C11 has freestanding', () => {
    expect(strays(include, [])).toEqual([]);
    expect(new Set(include.flatMap(systemIncludes))).toEqual(new Set(['stddef.h', 'stdint.h']));
  });

  test('functions/ includes include/ alone', () => expect(strays(functions, ['functions', 'include'])).toEqual([]));
  test('core/ includes include/ alone', () => expect(strays(core, ['core', 'include'])).toEqual([]));
  test('binding/ may include everything', () => expect(strays(binding, layers)).toEqual([]));

  test('core and functions know neither Node-API nor V8 nor libuv', () => {
    const tokens = /\bnapi_|\bnode_api|\bNapi::|\buv_\w|\bv8::|\bnode::|[<"](uv|v8|node)\b[^>"]*\.h[>"]/;
    expect(matching([...core, ...functions], tokens)).toEqual([]);
  });

  test('one file of core creates threads and sets affinity, and no other file does', () => {
    const token =
      /\b(pthread_create|thrd_create|std::j?thread|std::async|clone3?|sched_setaffinity|pthread_(attr_)?setaffinity_np)\s*[({&\s]/;
    const found = matching([...core, ...functions, ...binding], token).filter((path) => path.endsWith('.cc'));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^native\/src\/core\//);
    expect(matching([...core, ...functions, ...binding], token).filter((path) => path.endsWith('.h'))).toEqual([]);
  });
});

describe('TypeScript layers', () => {
  test('only lib/binding.ts loads the addon', () => {
    const loads = /node-gyp-build|process\.dlopen|(?<!\$\{name\})\.node['"`]/;
    expect(matching(lib, loads)).toEqual(['lib/binding.ts']);
  });

  test('lib/internal is not in the exports of the package', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(JSON.stringify(exports)).not.toMatch(/internal|\*/);
  });

  test('no public entry exports anything wholesale', () => {
    expect(matching(lib, /export\s+\*/)).toEqual([]);
  });
});

describe('sizes', () => {
  test('no file is longer than 400 lines', () => {
    const all = [...include, ...core, ...functions, ...binding, ...lib];
    const long = all
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });
});

describe('the list of sources', () => {
  const list = JSON.parse(readFileSync(join(root, 'native/sources.gypi'), 'utf8')).variables;
  test.each(['core', 'functions', 'binding'])('names every .cc file of %s, in order', (layer) => {
    const found = sourcesOf(`native/src/${layer}`, /\.cc$/).map(({ path }) => path.replace(/^native\//, ''));
    expect(list[`${layer}_files`]).toEqual(found.sort());
  });
});

describe('the look at the sources itself', () => {
  test('leaves comments out, and keeps what looks like one in a string', () => {
    const text = 'a(); // std::thread\n/* uv_run\n */ b("// no", \'/*\', `//\n`);';
    expect(withoutComments(text)).toBe('a();  \n  b("// no", \'/*\', `//\n`);');
  });
});
