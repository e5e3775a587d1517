import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const root = join(import.meta.dirname, '..', '..');

/** The command, as it is installed. */
export const cli = join(root, 'dist', 'cli', 'main.js');

/** A capture of real traffic; undefined where it is not at hand. */
export function realCapture(): string | undefined {
  const path = join(root, '..', 'shared', 'data', 'afs.pcap');
  return existsSync(path) ? path : undefined;
}

/** How a run of the command ended. */
export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

/** Starts the command. It may end without reading all of its standard input. */
export function start(args: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [cli, ...args], { stdio: 'pipe' });
  child.stdin.on('error', () => {});
  return child;
}

/** Waits for a command that was started, and gathers what it prints. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const stderr = text(child.stderr);
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...how) => resolve(how));
  });
  return { status, signal, stdout: Buffer.concat(chunks), stderr: await stderr };
}

/** Runs the command to its end, with these bytes as standard input. */
export async function padata(args: string[], input: Uint8Array = new Uint8Array()): Promise<Ended> {
  const child = start(args);
  child.stdin.end(input);
  return ended(child);
}

/** Runs with a folder of its own, which is gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'padata-cli-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
