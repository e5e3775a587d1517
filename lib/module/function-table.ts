/** The module functions that an isolate knows, by id, and the arguments of multithreaded jobs. */
import { type Loaded, load } from './load.js';
import type { ChunkInput, Definition } from './messages.js';

export class FunctionTable {
  readonly #definitions = new Map<number, Definition>();
  /** What is loaded, or is being loaded. */
  readonly #functions: (Loaded | Promise<Loaded> | undefined)[] = [];
  readonly #args = new Map<number, unknown>();
  readonly #receive: () => void;

  /** @param receive handles the next message of the pool, if there is one */
  constructor(receive: () => void) {
    this.#receive = receive;
  }

  define(definition: Definition): void {
    this.#definitions.set(definition.id, definition);
  }

  keepArg(id: number, value: unknown): void {
    this.#args.set(id, value);
  }

  dropArg(id: number): void {
    this.#args.delete(id);
  }

  /** A promise the first time: of a failure, too, which each job that needs the function sees. */
  get(id: number): Loaded | Promise<Loaded> {
    return this.#functions[id] ?? this.#load(id);
  }

  #load(id: number): Promise<Loaded> {
    // It was posted before any job that needs it; only nobody may have looked yet.
    while (!this.#definitions.has(id)) this.#receive();
    const { url, name, isRange } = this.#definitions.get(id) as Definition;
    const loading = isRange ? load(url, name).then((loaded) => this.#forRange(loaded)) : load(url, name);
    this.#functions[id] = loading;
    loading.then(
      (loaded) => {
        this.#functions[id] = loaded;
      },
      () => {},
    );
    return loading;
  }

  /** The thread function of a multithreaded job. */
  #forRange({ callWith, ...loaded }: Loaded): Loaded {
    const call = (input: unknown) => {
      const { start, end, arg } = input as ChunkInput;
      while (!this.#args.has(arg)) this.#receive(); // posted before the chunk was submitted
      return callWith(start, end, this.#args.get(arg));
    };
    return { ...loaded, callWith, call };
  }
}
