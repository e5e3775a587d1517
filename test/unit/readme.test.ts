/**
 * The README and the guide are programs: each block of `js` runs as it stands, and prints what the block of `text` behind it says. A
 * block of `c` is compiled before, into the file that the `js` behind it loads.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/sources.js';

interface Block {
  language: string;
  text: string;
}

interface Snippet {
  name: string;
  code: string;
  /** What it is to print; undefined where the page does not say. */
  output: string | undefined;
  /** The C source of the addon that it loads. */
  addon: string | undefined;
}

// Inside the package, so that `import 'padata'` finds it.
const work = join(root, 'build/readme');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function blocksOf(page: string): Block[] {
  const markdown = readFileSync(join(root, page), 'utf8');
  const fences = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return Array.from(fences, ([, language, text]) => ({ language: language!, text: text! }));
}

function snippetsOf(page: string): Snippet[] {
  const blocks = blocksOf(page);
  let addon: string | undefined;
  return blocks.flatMap(({ language, text }, at) => {
    if (language === 'c') addon = text;
    if (language !== 'js') return [];
    const next = blocks[at + 1];
    const output = next?.language === 'text' ? next.text : undefined;
    const name = `${basename(page, '.md')}-${at}`;
    return [{ name, code: text, output, addon: text.includes('.node') ? addon : undefined }];
  });
}

/** Compiles a block of C into the file that the snippet loads. */
function compile(source: string, folder: string, code: string): void {
  const target = /'\.\/(\w+)\.node'/.exec(code)![1];
  const headers: string = createRequire(import.meta.url)('node-api-headers').include_dir;
  const flags = ['-std=c11', '-pedantic', '-Wall', '-Wextra', '-Werror', '-O2', '-fPIC', '-shared', '-pthread'];
  const includes = [`-I${join(root, 'native/include')}`, '-isystem', headers];
  writeFileSync(join(folder, `${target}.c`), source);
  execFileSync('cc', [...flags, ...includes, `${target}.c`, '-o', `${target}.node`], { cwd: folder });
}

async function run({ name, code, addon }: Snippet) {
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  if (addon !== undefined) compile(addon, folder, code);
  writeFileSync(join(folder, 'snippet.mjs'), code);
  return promisify(execFile)(process.execPath, ['snippet.mjs'], { cwd: folder });
}

beforeAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(pages)('%s', (page) => {
  const snippets = snippetsOf(page);

  it.each(snippets)('$name runs', async (snippet) => {
    const { stdout, stderr } = await run(snippet);
    expect(stderr).toBe('');
    if (snippet.output !== undefined) expect(stdout).toBe(snippet.output);
  });

  it('links to files that exist', () => {
    const markdown = readFileSync(join(root, page), 'utf8');
    const links = Array.from(markdown.matchAll(/\]\((?!https?:|#)([^)#]+)/g), ([, link]) => link!);
    const missing = links.filter((link) => !exists(join(root, page, '..', link)));
    expect(missing).toEqual([]);
  });
});

describe('README.md', () => {
  const markdown = readFileSync(join(root, 'README.md'), 'utf8');

  it('says of its snippets what they print', () => {
    expect(snippetsOf('README.md').filter(({ output }) => output === undefined)).toEqual([]);
  });

  it('links to headings that exist', () => {
    const headings = Array.from(markdown.matchAll(/^#+ (.*)$/gm), ([, heading]) => `#${slug(heading!)}`);
    const links = Array.from(markdown.matchAll(/\]\((#[^)]+)\)/g), ([, link]) => link!);
    expect(links.filter((link) => !headings.includes(link))).toEqual([]);
  });

  it('has a place for the results of the benchmarks', () => {
    expect(markdown).toMatch(/<!-- bench:begin -->.*<!-- bench:end -->/s);
  });
});

/** As GitHub makes an anchor of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}
