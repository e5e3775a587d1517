/** The project's own source files, for tests that look at them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** The root of the repository. */
export const root = resolve(import.meta.dirname, '../..');

export interface Source {
  /** Relative to the root. */
  path: string;
  text: string;
  /** The text without comments: what the rules are about. */
  code: string;
}

/** All files below `folder` (relative to the root) whose names match, at least one. */
export function sourcesOf(folder: string, name: RegExp): Source[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && name.test(entry.name));
  if (files.length === 0) throw new Error(`no file of ${folder} matches ${name}`);
  return files.map((entry) => read(join(entry.parentPath, entry.name)));
}

function read(file: string): Source {
  const text = readFileSync(file, 'utf8');
  return { path: relative(root, file), text, code: withoutComments(text) };
}

/** Strings are kept, and recognized, so that a `//` inside one starts no comment. */
export function withoutComments(text: string): string {
  const parts = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(parts, (_, string) => string ?? ' ');
}

/** What a C or C++ file includes with quotation marks. */
export function quotedIncludes(source: Source): string[] {
  return Array.from(source.code.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm), (match) => match[1]!);
}

/** What a C or C++ file includes with angle brackets. */
export function systemIncludes(source: Source): string[] {
  return Array.from(source.code.matchAll(/^\s*#\s*include\s+<([^>]+)>/gm), (match) => match[1]!);
}
