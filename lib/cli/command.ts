import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from 'node:util';

/** Exit statuses of every subcommand; documented in docs/command-line.md. */
export const STATUS = { ok: 0, failure: 1, usage: 2 } as const;

/** One subcommand. */
export interface Command {
  /** One line for `padata --help`. */
  readonly summary: string;
  /** What `--help` prints, without a newline at the end. */
  readonly help: string;
  /**
   * Does the work. Throws UsageError for arguments that cannot be right, anything else for what went wrong.
   *
   * @param args the arguments behind the subcommand's name
   * @returns the exit status
   */
  run(args: string[]): Promise<number>;
}

/** Arguments that cannot be right: exit status 2, and a pointer to `--help`. */
export class UsageError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'UsageError';
  }
}

/** `parseArgs` of Node, strict; what it objects to becomes a UsageError. */
export function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    if (String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) {
      throw new UsageError((error as Error).message);
    }
    throw error;
  }
}

/** Runs a check of the library on an option's value; what it objects to becomes a UsageError that names the option. */
export function checked<T>(option: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new UsageError(`--${option}: ${(error as Error).message}`);
  }
}
