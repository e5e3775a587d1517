/** Calls of broadcast() that are under way. */
import { decodeError } from './errors.js';
import type { Isolate } from './isolate.js';
import type { FromIsolate } from './messages.js';

interface Call {
  isolate: Isolate;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Broadcasts {
  readonly #calls = new Map<number, Call>();
  #lastId = 0;

  /** Resolves to the outputs, in the order of `isolates`; rejects with the first failure when all are through. */
  async call(isolates: readonly Isolate[], fn: number, value: unknown): Promise<unknown[]> {
    const outcomes = await Promise.allSettled(isolates.map((isolate) => this.#callOne(isolate, fn, value)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value);
  }

  onCalled(isolate: Isolate, message: FromIsolate & { kind: 'called' }): void {
    const call = this.#calls.get(message.id);
    if (call === undefined || call.isolate !== isolate) return;
    this.#calls.delete(message.id);
    isolate.calls--;
    if (message.error === undefined) call.resolve(message.value);
    else call.reject(decodeError(message.error));
  }

  onExit(isolate: Isolate, error: Error): void {
    for (const [id, call] of this.#calls) {
      if (call.isolate !== isolate) continue;
      this.#calls.delete(id);
      call.reject(error);
    }
  }

  #callOne(isolate: Isolate, fn: number, value: unknown): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { isolate, resolve, reject });
      try {
        isolate.tell({ kind: 'call', id, function: fn, value });
        isolate.calls++;
      } catch (error) {
        this.#calls.delete(id);
        reject(error as Error);
      }
    });
  }
}
