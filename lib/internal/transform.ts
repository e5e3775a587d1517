/** shell.transform(): an ordered Transform stream whose chunks are jobs. */
import { Transform, type TransformCallback, type TransformOptions } from 'node:stream';
import type { Shell } from '../shell.js';
import { type ModuleExtras, type RunFunction, RunJob } from './run-job.js';

export class JobTransform<I, O> extends Transform {
  readonly #shell: Shell;
  readonly #fn: RunFunction<I, O>;
  readonly #cbCpu: number | undefined;
  readonly #size: number;
  readonly #extras: ModuleExtras | undefined;
  #inFlight = 0;
  /** The chunk that was taken last is acknowledged when there is room for another one. */
  #acknowledge: TransformCallback | undefined;
  #flushed: TransformCallback | undefined;

  constructor(
    shell: Shell,
    fn: RunFunction<I, O>,
    cbCpu: number | undefined,
    size: number,
    options: TransformOptions,
    extras: ModuleExtras | undefined,
  ) {
    super({ objectMode: true, ...options });
    this.#extras = extras;
    this.#shell = shell;
    this.#fn = fn;
    this.#cbCpu = cbCpu;
    this.#size = size;
  }

  override _transform(chunk: I, _encoding: BufferEncoding, callback: TransformCallback): void {
    if (this.#shell.isFull) {
      this.#shell.room().then(() => this._transform(chunk, _encoding, callback), callback);
      return;
    }
    try {
      const job = new RunJob<I, O>(this.#fn, chunk, this, (done) => this.#shell.doSerial(done), this.#extras);
      this.#shell.doParallel(job, this.#cbCpu);
    } catch (error) {
      callback(error as Error);
      return;
    }
    this.#inFlight++;
    this.#acknowledge = callback;
    this.#goOn();
  }

  override _flush(callback: TransformCallback): void {
    this.#flushed = callback;
    this.#goOn();
  }

  fulfilled(output: O): void {
    this.#inFlight--;
    if (this.destroyed) return;
    if (output === null) {
      this.destroy(new TypeError('A stream cannot carry null: the function of transform() returned it'));
      return;
    }
    this.push(output);
    this.#goOn();
  }

  rejected(error: Error): void {
    this.#inFlight--;
    this.destroy(error);
  }

  #goOn(): void {
    if (this.#acknowledge !== undefined && this.#inFlight < this.#size) {
      const acknowledge = this.#acknowledge;
      this.#acknowledge = undefined;
      acknowledge();
    }
    if (this.#flushed !== undefined && this.#inFlight === 0) {
      const flushed = this.#flushed;
      this.#flushed = undefined;
      flushed();
    }
  }
}
