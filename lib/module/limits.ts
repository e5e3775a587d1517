/** Limits of the time that jobs may run. Whoever exceeds his cannot be asked to stop: his isolate is ended. */
import { PadataError } from '../errors.js';
import { now } from './clock.js';
import type { Isolate } from './isolate.js';
import { type JobKey, nameOf } from './messages.js';
import type { ModuleJob } from './module-job.js';

/** The least time between two looks, in milliseconds. */
const LEAST_MS = 1;

export class Limits {
  readonly #isolates: () => Iterable<Isolate>;
  readonly #records = new Map<string, ModuleJob>();
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;

  constructor(isolates: () => Iterable<Isolate>) {
    this.#isolates = isolates;
  }

  add(record: ModuleJob, ms: number): void {
    this.#records.set(nameOf(record), record);
    this.#lookAt(now() + ms);
  }

  drop(record: ModuleJob): void {
    if (record.options?.timeLimitMs !== undefined) this.#records.delete(nameOf(record));
  }

  #lookAt(due: number): void {
    if (this.#timer !== undefined && this.#dueAt <= due) return;
    clearTimeout(this.#timer);
    this.#dueAt = due;
    this.#timer = setTimeout(() => this.#look(), Math.max(LEAST_MS, Math.ceil(due - now()))).unref();
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#records.size === 0) return;
    const at = now();
    // A job that has not begun cannot be over its limit before that has passed from now on.
    let next = at + Math.min(...[...this.#records.values()].map((record) => record.options?.timeLimitMs as number));
    for (const isolate of this.#isolates()) {
      for (const begun of isolate.begun()) next = Math.min(next, this.#check(isolate, begun, begun.at, at));
    }
    this.#lookAt(next);
  }

  /** When a job that runs is over its limit. */
  #check(isolate: Isolate, key: JobKey, begun: number, at: number): number {
    const record = this.#records.get(nameOf(key));
    const limit = record?.options?.timeLimitMs;
    if (record === undefined || limit === undefined) return Number.POSITIVE_INFINITY;
    if (begun + limit > at) return begun + limit;
    record.fate = new PadataError('ETIMEDOUT', record.fn.name, `it ran for longer than ${limit} ms`);
    this.#records.delete(nameOf(key));
    isolate.kill();
    return Number.POSITIVE_INFINITY;
  }
}
