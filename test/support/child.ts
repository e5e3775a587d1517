/** Runs scripts of test/fixtures/scripts in a process of their own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const scripts = join(import.meta.dirname, '../fixtures/scripts');

/** How a child ended. `hung` if it had to be killed. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  hung: boolean;
}

export interface ScriptOptions {
  execArgv?: string[];
  env?: Record<string, string>;
  /** Far more than it takes, in milliseconds. */
  patience?: number;
}

/** Runs a script to its end. */
export async function runScript(name: string, args: string[] = [], options: ScriptOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [...(options.execArgv ?? []), join(scripts, name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
  });
  let hung = false;
  const patience = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, options.patience ?? 60_000);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...how) => resolve(how));
  });
  clearTimeout(patience);
  const [stdout, stderr] = await output;
  return { code, signal, stdout, stderr, hung };
}

/** How a script has to end. */
export const ends = (code: number, stdout: unknown = '') => ({ code, signal: null, stdout, hung: false });
