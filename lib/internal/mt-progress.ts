/** How far a multithreaded job is. */
import type { MtOptions } from './mt-check.js';

/** How often progress is told at most, in milliseconds. */
export const PROGRESS_MS = 50;

export class MtProgress {
  readonly #options: Pick<MtOptions, 'size' | 'onProgress'>;
  readonly #unitsDone: () => number;
  #told = 0;
  #hasThrown = false;

  constructor(options: Pick<MtOptions, 'size' | 'onProgress'>, unitsDone: () => number) {
    this.#options = options;
    this.#unitsDone = unitsDone;
  }

  /** Calls onProgress if there is news; throws what it throws. That ends the job, and nothing is told any more, however long the end takes. */
  tell(): void {
    const done = this.#unitsDone();
    if (done === this.#told || this.#hasThrown) return;
    this.#told = done;
    this.#hasThrown = true; // until it has returned
    this.#options.onProgress?.(done, this.#options.size);
    this.#hasThrown = false;
  }
}
