/** What the tests of module functions share. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ModuleFunction, moduleFunction } from 'padata';
import { until } from './padata.js';

const folder = join(import.meta.dirname, '../fixtures/modules');

export const modulePath = (file: string) => join(folder, file);

/** An export of fixtures/modules/work.mjs, or of another file there. */
// biome-ignore lint/suspicious/noExplicitAny: the tests know what the fixtures take and give
export function work(name: string, file = 'work.mjs'): ModuleFunction<any, any> {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  return moduleFunction<any, any>(modulePath(file), name);
}

/** An export of fixtures/modules/wrongs.mjs. */
export const wrongs = (name: string) => work(name, 'wrongs.mjs');

/** What fixtures/modules/work.mjs's where() tells. */
export interface Where {
  cpu: number;
  cbCpu: number;
  seqNr: number;
  threadId: number;
  affinity: string;
  name: string;
}

/** The threads of this process that run isolates: the CPU in the name, and the affinity that the kernel tells. */
export function isolateThreads(): { cpu: number; affinity: string }[] {
  return readdirSync('/proc/self/task').flatMap((tid) => {
    try {
      const status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
      const cpu = /^Name:\s*padata\/m(\d+)$/m.exec(status)?.[1];
      return cpu === undefined
        ? []
        : [{ cpu: Number(cpu), affinity: /^Cpus_allowed_list:\s*(.*)$/m.exec(status)![1]! }];
    } catch {
      return []; // it has ended
    }
  });
}

/** For gate() of work.mjs: how many have come, and whether they are let go. */
export class Gate {
  readonly words = new Int32Array(new SharedArrayBuffer(8));

  get waiting(): number {
    return Atomics.load(this.words, 0);
  }

  reached(count = 1): Promise<void> {
    return until(() => this.waiting >= count, `${count} at the gate`);
  }

  open(): void {
    Atomics.store(this.words, 1, 1);
    Atomics.notify(this.words, 1);
  }
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const value = await promise.then(
    (output) => new Error(`it came to ${String(output)}`),
    (reason: unknown) => reason,
  );
  return value as Error & Record<string, unknown>;
}
