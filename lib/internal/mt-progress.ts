/** How far a multithreaded job is. */
import type { MtOptions } from './mt-check.js';

/** How often progress is told at most, in milliseconds. */
export const PROGRESS_MS = 50;

export class MtProgress {
  readonly #options: MtOptions;
  readonly #unitsDone: () => number;
  #told = 0;

  constructor(options: MtOptions, unitsDone: () => number) {
    this.#options = options;
    this.#unitsDone = unitsDone;
  }

  /** Calls onProgress if there is news; throws what it throws. */
  tell(): void {
    const done = this.#unitsDone();
    if (done === this.#told) return;
    this.#told = done;
    this.#options.onProgress?.(done, this.#options.size);
  }
}
