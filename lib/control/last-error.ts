/** The file `last_error`: the last text that was refused, and why. */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { readSmall, replaceFile } from './safe-file.js';

/** How much of a text is told. */
const MAX_TEXT = 256;

/** The name of the file. */
export const LAST_ERROR_FILE = 'last_error';

/** What its line says. */
export interface Refusal {
  time: string;
  /** `parallel_cpumask` or `serial_cpumask`. */
  file: string;
  code: string;
  /** The first 256 characters of the text, Latin-1. */
  text: string;
  message: string;
}

export class LastError {
  readonly #path: string;
  #writes = 0;

  constructor(directory: string) {
    this.#path = join(directory, LAST_ERROR_FILE);
  }

  /** Nothing was refused. */
  clear(): void {
    this.#replace('');
  }

  /** One line: time, file, errno name, text as JSON, message. */
  write(file: string, code: string, text: string, message: string): void {
    this.#replace(`${new Date().toISOString()} ${file} ${code} ${quote(text)} ${message.replaceAll(/\s+/g, ' ')}\n`);
  }

  #replace(text: string): void {
    closeSync(replaceFile(this.#path, text, `${this.#path}.${this.#writes++}.new`));
  }
}

/** How a text stands in the line: JSON in ASCII, so that no byte of it means anything to a terminal. */
export function quote(text: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text.slice(0, MAX_TEXT)).replaceAll(/[\x7f-\uffff]/g, escaped);
}

/** The last refusal that a directory tells; undefined if nothing was refused. */
export function readLastError(directory: string): Refusal | undefined {
  const line = Buffer.from(readSmall(join(directory, LAST_ERROR_FILE)) ?? '', 'latin1').toString();
  const match = /^(\S+) (\w+) (E\w+) ("(?:[^"\\]|\\.)*") (.*)\n/.exec(line);
  if (match === null) return undefined;
  const [time, file, code, text, message] = match.slice(1) as [string, string, string, string, string];
  return { time, file, code, text: JSON.parse(text) as string, message };
}
