/** What isolates have to know before jobs that need it: those that are there are told at once, those that come later when they come. */
import type { Isolate } from './isolate.js';
import type { Definition } from './messages.js';
import type { ModuleFunction } from './module-function.js';

export class Notices {
  readonly #isolates: () => Iterable<Isolate>;
  readonly #definitions = new Map<number, Definition>();
  /** Arguments of multithreaded jobs that are not done. */
  readonly #args = new Map<number, unknown>();
  #lastArg = 0;

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
   * The argument of a multithreaded job: each isolate gets a copy of what it is now.
   *
   * @returns what chunks name it by
   * @throws DataCloneError
   */
  keepArg(arg: unknown): number {
    const value = structuredClone(arg); // so that giving it to isolates, also to later ones, cannot fail
    const id = ++this.#lastArg;
    this.#args.set(id, value);
    for (const isolate of this.#isolates()) isolate.tell({ kind: 'arg', id, value });
    return id;
  }

  dropArg(id: number): void {
    this.#args.delete(id);
    for (const isolate of this.#isolates()) isolate.tell({ kind: 'dropArg', id });
  }

  /** All of it, to a new isolate. */
  tell(isolate: Isolate): void {
    for (const definition of this.#definitions.values()) isolate.tell({ kind: 'define', definition });
    for (const [id, value] of this.#args) isolate.tell({ kind: 'arg', id, value });
  }
}
