/** docs/conformance.md has a row for each test of a sentence, each row without a test says why, and the documents have no other sentences. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countSentences } from '../support/documents.js';
import { sharedFile } from '../support/shared.js';
import { root } from '../support/sources.js';

interface Row {
  section: string;
  sentence: number;
  rule: string;
  test: string;
  remark: string;
}

/** The rows under the headings `## DOCUMENT, SECTION`. */
function rowsOf(page: string): Row[] {
  return page.split(/^## /m).flatMap((part) => {
    const section = part.slice(0, part.indexOf('\n'));
    const rows = part.matchAll(/^\| (\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$/gm);
    return Array.from(rows, ([, sentence, rule, test, remark]) => ({
      section,
      sentence: Number(sentence),
      rule: rule!,
      test: test!,
      remark: remark!,
    }));
  });
}

/** `rule('SECTION', SENTENCE, 'WORDS', …)` in the tests; each file has the tests of one document. */
function testsIn(file: string): string[] {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  const document = /rulesOf\('(.*?)'\)/.exec(text)?.[1];
  const calls = text.matchAll(/^rule\(\s*'(.+?)',\s*(\d+),\s*'(.+?)',\s/gms);
  return Array.from(
    calls,
    ([, section, sentence, words]) => `${document}, ${section} | ${sentence} | ${words} | ${file}`,
  );
}

const rows = rowsOf(readFileSync(join(root, 'docs/conformance.md'), 'utf8'));
const files = readdirSync(import.meta.dirname).filter((name) => /^kernel-(2020|2\.6\.34)-.*\.test\.ts$/.test(name));
const link = /^\[[^\]]+\]\(\.\.\/test\/conformance\/(.+)\)$/;

describe('docs/conformance.md', () => {
  it('has a row for each test, in its words, and no other', () => {
    const tested = rows.filter(({ test }) => test !== '-');
    const inTable = tested.map(
      ({ section, sentence, rule, test }) => `${section} | ${sentence} | ${rule} | ${link.exec(test)?.[1]}`,
    );
    const inTests = files.flatMap(testsIn);
    expect(inTests.length).toBeGreaterThan(70);
    expect([...inTable].sort()).toEqual([...inTests].sort());
    expect(new Set(inTests).size).toBe(inTests.length);
  });

  it('says of each sentence without a test why it has none', () => {
    expect(rows.filter(({ test, remark }) => test === '-' && remark === '')).toEqual([]);
  });

  it('goes through each section from its first sentence to its last', () => {
    for (const section of new Set(rows.map((row) => row.section))) {
      const sentences = [...new Set(rows.filter((row) => row.section === section).map(({ sentence }) => sentence))];
      expect([section, ...sentences]).toEqual([section, ...sentences.map((_, i) => i + 1)]);
    }
  });
});

const documents = {
  '2020': sharedFile('documents/000_379a31301275ae4d.txt'),
  '2.6.34': sharedFile('documents/001_e9ba518e32884080.txt'),
};

describe.skipIf(Object.values(documents).includes(undefined))('the documents', () => {
  it.each(['2020', '2.6.34'] as const)('%s has as many sentences as the table', (name) => {
    const inTable: Record<string, number> = {};
    for (const { section, sentence } of rows) {
      if (section.startsWith(`${name}, `)) inTable[section.slice(name.length + 2)] = sentence;
    }
    expect(inTable).toEqual(countSentences[name](readFileSync(documents[name]!, 'utf8')));
  });
});
