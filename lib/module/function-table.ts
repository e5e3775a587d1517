/** The module functions that an isolate knows, by id, and its lanes of multithreaded jobs. */
import type { IsolateHandle } from '../binding.js';
import { Lane } from './lane.js';
import { type Loaded, load } from './load.js';
import type { Definition, RangeNotice } from './messages.js';

export class FunctionTable {
  readonly #definitions = new Map<number, Definition>();
  /** What is loaded, or is being loaded. */
  readonly #functions: (Loaded | Promise<Loaded> | undefined)[] = [];
  readonly #lanes = new Map<number, Lane>();
  readonly #handle: IsolateHandle;
  readonly #receive: () => void;

  /** @param receive handles the next message of the pool, if there is one */
  constructor(handle: IsolateHandle, receive: () => void) {
    this.#handle = handle;
    this.#receive = receive;
  }

  define(definition: Definition): void {
    this.#definitions.set(definition.id, definition);
  }

  keepRange(notice: RangeNotice): void {
    this.#lanes.set(notice.id, new Lane(this.#handle, notice));
  }

  dropRange(id: number): void {
    this.#lanes.delete(id);
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
    const call = (id: unknown) => {
      while (!this.#lanes.has(id as number)) this.#receive(); // posted before the job was submitted
      return this.#lanes.get(id as number)?.run(callWith);
    };
    return { ...loaded, callWith, call };
  }
}
