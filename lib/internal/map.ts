/** shell.map(): an ordered, bounded window of jobs between a source and a consumer. */
import type { MapOptions, Shell } from '../shell.js';
import { asError } from './as-error.js';
import { Fifo } from './fifo.js';
import { type RunFunction, RunJob } from './run-job.js';

type Outcome<O> = { output: O } | { error: Error };

/** Takes from the source while there is room in the window, and keeps what came out until the consumer asks for it. */
class Window<I, O> {
  readonly #shell: Shell;
  readonly #fn: RunFunction<I, O>;
  readonly #options: MapOptions;
  readonly #size: number;
  readonly #outcomes = new Fifo<Outcome<O>>();
  #inFlight = 0;
  #isSourceDone = false;
  #isClosed = false;
  /** What the source, or a submission, failed with; told after everything before it. */
  #failure: Error | undefined;
  #wakeConsumer: (() => void) | undefined;
  #wakePump: (() => void) | undefined;

  constructor(shell: Shell, fn: RunFunction<I, O>, options: MapOptions, size: number) {
    this.#shell = shell;
    this.#fn = fn;
    this.#options = options;
    this.#size = size;
  }

  async pump(source: Iterable<I> | AsyncIterable<I>): Promise<void> {
    try {
      if (typeof source !== 'string' && Symbol.asyncIterator in source) {
        for await (const item of source) if (!(await this.#admit(item))) break;
      } else {
        for (const item of source) {
          if (this.#isFull() ? !(await this.#admit(item)) : !this.#submit(item)) break;
        }
      }
    } catch (error) {
      this.#failure = asError(error, 'the source threw');
    }
    this.#isSourceDone = true;
    this.#wake();
  }

  /** The next outcome in order; undefined at the end. */
  async next(): Promise<Outcome<O> | undefined> {
    while (this.#outcomes.length === 0) {
      if (this.#isSourceDone && this.#inFlight === 0) {
        return this.#failure === undefined ? undefined : { error: this.#failure };
      }
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
      });
    }
    const outcome = this.#outcomes.shift();
    this.#wakePump?.();
    return outcome;
  }

  /** Whether next() would answer at once, and its answer if so. */
  takeReady(): Outcome<O> | undefined {
    const outcome = this.#outcomes.shift();
    if (outcome !== undefined) this.#wakePump?.();
    return outcome;
  }

  close(): void {
    this.#isClosed = true;
    this.#wakePump?.();
  }

  /** Outcomes that nobody has asked for count, too: a slow consumer slows the source down. */
  #isFull(): boolean {
    return this.#inFlight + this.#outcomes.length >= this.#size || this.#shell.isFull;
  }

  async #admit(item: I): Promise<boolean> {
    while (!this.#isClosed && this.#isFull()) {
      if (this.#shell.isFull) await this.#shell.room();
      else
        await new Promise<void>((resolve) => {
          this.#wakePump = resolve;
        });
    }
    return this.#submit(item);
  }

  /** False if nothing more is wanted. */
  #submit(item: I): boolean {
    if (this.#isClosed) return false;
    this.#options.signal?.throwIfAborted();
    const job = new RunJob<I, O>(this.#fn, item, this, (done) => this.#shell.doSerial(done));
    this.#shell.doParallel(job, this.#options.cbCpu);
    this.#inFlight++;
    return true;
  }

  fulfilled(output: O): void {
    this.#settled({ output });
  }

  rejected(error: Error): void {
    this.#settled({ error });
  }

  #settled(outcome: Outcome<O>): void {
    this.#inFlight--;
    if (!this.#isClosed) this.#outcomes.push(outcome);
    this.#wake();
  }

  #wake(): void {
    this.#wakeConsumer?.();
    this.#wakeConsumer = undefined;
  }
}

/** See Shell.map(). The arguments were checked. */
export async function* mapJobs<I, O>(
  shell: Shell,
  source: Iterable<I> | AsyncIterable<I>,
  fn: RunFunction<I, O>,
  options: MapOptions,
  size: number,
): AsyncGenerator<O, undefined, undefined> {
  const window = new Window<I, O>(shell, fn, options, size);
  void window.pump(source);
  try {
    while (true) {
      const outcome = window.takeReady() ?? (await window.next());
      if (outcome === undefined) return undefined;
      if ('error' in outcome) throw outcome.error;
      yield outcome.output;
    }
  } finally {
    window.close();
  }
}
