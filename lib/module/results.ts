/** Results that came by message, and wait for the turn of their job. */
import type { Isolate } from './isolate.js';
import { type JobKey, nameOf } from './messages.js';
import type { Message } from './values.js';

export class Results {
  readonly #isolates: () => Iterable<Isolate>;
  readonly #messages = new Map<string, Message>();

  constructor(isolates: () => Iterable<Isolate>) {
    this.#isolates = isolates;
  }

  add(message: Message & JobKey): void {
    this.#messages.set(nameOf(message), message);
  }

  /** The message may have come, and nobody may have looked yet. */
  get(key: JobKey): Message | undefined {
    const name = nameOf(key);
    for (const isolate of this.#isolates()) {
      if (this.#messages.has(name)) break;
      isolate.receiveAll();
    }
    return this.#messages.get(name);
  }

  take(key: JobKey): unknown {
    const result = this.get(key);
    this.#messages.delete(nameOf(key));
    return result?.value;
  }

  /** The job has had its turn: one that has failed may have left a result, if its isolate died a moment later. */
  drop(key: JobKey): void {
    if (this.#messages.size !== 0) this.#messages.delete(nameOf(key));
  }
}
