/** What isolates have to know before jobs that need it: those that are there are told at once, those that come later when they come. */
import type { Isolate } from './isolate.js';
import type { Definition, RangeNotice } from './messages.js';
import type { ModuleFunction } from './module-function.js';
import type { Range } from './range-plan.js';

export class Notices {
  readonly #isolates: () => Iterable<Isolate>;
  readonly #definitions = new Map<number, Definition>();
  /** Multithreaded jobs that are not done. */
  readonly #ranges = new Map<number, RangeNotice>();
  #lastRange = 0;

  constructor(isolates: () => Iterable<Isolate>) {
    this.#isolates = isolates;
  }

  /** What the id of a function means. */
  define({ id, url, name, isRange }: ModuleFunction<never, unknown>): void {
    if (this.#definitions.has(id)) return;
    const definition = { id, url, name, isRange };
    this.#definitions.set(id, definition);
    for (const isolate of this.#isolates()) isolate.tell({ kind: 'define', definition });
  }

  /**
   * A multithreaded job: each isolate gets a copy of what the argument is now.
   *
   * @returns what lanes name the job by
   * @throws DataCloneError
   */
  keepRange(range: Range, arg: unknown): number {
    const id = ++this.#lastRange;
    const notice = { id, range, arg: structuredClone(arg) }; // so that giving it to isolates, also to later ones, cannot fail
    this.#ranges.set(id, notice);
    for (const isolate of this.#isolates()) isolate.tell({ kind: 'range', ...notice });
    return id;
  }

  dropRange(id: number): void {
    this.#ranges.delete(id);
    for (const isolate of this.#isolates()) isolate.tell({ kind: 'dropRange', id });
  }

  /** All of it, to a new isolate. */
  tell(isolate: Isolate): void {
    for (const definition of this.#definitions.values()) isolate.tell({ kind: 'define', definition });
    for (const notice of this.#ranges.values()) isolate.tell({ kind: 'range', ...notice });
  }
}
