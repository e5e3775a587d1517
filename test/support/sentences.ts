/**
 * Tests of the kernel's documents, sentence by sentence. docs/conformance.md has a row for each; kernel-table.test.ts keeps both in step.
 *
 * Sections are those of the document. The first document ("2.6.34") has none: its paragraphs are counted, from 1, over its prose. Sentences are
 * counted from 1 within a section; one ends with a full stop or a colon.
 */
import { it } from 'vitest';

export type DocumentName = '2020' | '2.6.34';

/** How a test of a sentence is called. */
export function titleOf(document: DocumentName, section: string, sentence: number, words: string): string {
  return `${document}, ${section}, sentence ${sentence}: ${words}`;
}

/** Registers tests: section, number of the sentence, the rule in our own words, the test. Literals only: kernel-table.test.ts reads them. */
export function rulesOf(document: DocumentName) {
  return (section: string, sentence: number, words: string, test: () => unknown): void => {
    it(titleOf(document, section, sentence, words), async () => {
      await test();
    });
  };
}
