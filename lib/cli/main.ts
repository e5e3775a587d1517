#!/usr/bin/env node
/** The command `padata`: finds the subcommand, runs it, and turns what went wrong into a message and an exit status. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './command.js';
import { STATUS, UsageError } from './command.js';
import { cpusCommand } from './cpus.js';
import { espCommand } from './esp.js';
import { instancesCommand } from './instances.js';
import { maskCommand } from './mask.js';
import { Interrupted } from './signals.js';
import { table } from './text.js';

/** Every subcommand, in the order in which `--help` shows them. */
const commands = new Map<string, Command>([
  ['cpus', cpusCommand],
  ['instances', instancesCommand],
  ['mask', maskCommand],
  ['esp', espCommand],
]);

function help(): string {
  const rows = [...commands].map(([name, { summary }]) => [name, summary]);
  return `Usage: padata COMMAND [ARGUMENTS]

The Linux kernel's padata in user space: jobs run in parallel on pinned CPUs and come back in order.

Commands:
${table(rows, '  ')}

Options:
  -h, --help  print this; behind a command, its own help
  --version   print the version

Exit status: ${STATUS.ok} all went well, ${STATUS.failure} it failed, ${STATUS.usage} the arguments were wrong, 130 or 143 interrupted by a signal.`;
}

/** The version in package.json. */
function version(): string {
  const path = join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Runs what the arguments ask for, and returns the exit status. */
async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === '-h' || name === '--help') return print(help());
  if (name === '--version') return print(version());
  if (name === undefined) throw new UsageError('a command is missing');
  const command = commands.get(name);
  if (!command) throw new UsageError(`there is no command ${JSON.stringify(name)}`);
  const end = rest.indexOf('--');
  const options = end === -1 ? rest : rest.slice(0, end);
  if (options.includes('--help') || options.includes('-h')) return print(command.help);
  return command.run(rest);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return STATUS.ok;
}

/** Says what went wrong on standard error, and returns the exit status for it. */
function report(error: unknown, args: string[]): number {
  const command = commands.has(args[0]) ? `padata ${args[0]}` : 'padata';
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${command}: ${message}\n`);
  if (error instanceof Interrupted) return error.status;
  if (!(error instanceof UsageError)) return STATUS.failure;
  process.stderr.write(`Try: ${command} --help\n`);
  return STATUS.usage;
}

/** The process ends by itself: nothing that was written to standard output is cut off, and nothing may keep it alive. */
async function main(args: string[]): Promise<void> {
  // Should the event loop run dry before the end, then that was a failure.
  process.exitCode = STATUS.failure;
  try {
    process.exitCode = await run(args);
  } catch (error) {
    process.exitCode = report(error, args);
  }
}

void main(process.argv.slice(2));
