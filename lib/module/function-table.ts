/** The module functions that an isolate knows, by id. */
import { type Loaded, load } from './load.js';
import type { Definition } from './messages.js';

export class FunctionTable {
  readonly #definitions = new Map<number, Definition>();
  /** What is loaded, or is being loaded. */
  readonly #functions: (Loaded | Promise<Loaded> | undefined)[] = [];
  readonly #receive: () => void;

  /** @param receive handles the next message of the pool, if there is one */
  constructor(receive: () => void) {
    this.#receive = receive;
  }

  define(definition: Definition): void {
    this.#definitions.set(definition.id, definition);
  }

  /** A promise the first time: of a failure, too, which each job that needs the function sees. */
  get(id: number): Loaded | Promise<Loaded> {
    return this.#functions[id] ?? this.#load(id);
  }

  #load(id: number): Promise<Loaded> {
    // It was posted before any job that needs it; only nobody may have looked yet.
    while (!this.#definitions.has(id)) this.#receive();
    const { url, name, isRange } = this.#definitions.get(id) as Definition;
    const loading = isRange ? load(url, name).then(forRange) : load(url, name);
    this.#functions[id] = loading;
    loading.then(
      (loaded) => {
        this.#functions[id] = loaded;
      },
      () => {},
    );
    return loading;
  }
}

/** The thread function of a multithreaded job. */
function forRange({ callWith, ...loaded }: Loaded): Loaded {
  const call = (input: unknown) => {
    const { start, end, arg } = input as { start: number; end: number; arg: unknown };
    return callWith(start, end, arg);
  };
  return { ...loaded, callWith, call };
}
