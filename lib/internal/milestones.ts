/** Waiting for a shell to have delivered so many jobs. */
import { Fifo } from './fifo.js';

/** Promises for positions in the order of one shell, which are asked for in ascending order and reached in that order. */
export class Milestones {
  readonly #waiting = new Fifo<{ jobs: number; resolve: () => void }>();

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Resolves when `jobs` jobs, modulo 2^32, have been delivered. */
  reached(jobs: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ jobs, resolve }));
  }

  /** So many have been delivered by now. */
  advance(delivered: number): void {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (((delivered - next.jobs) | 0) < 0) return;
      this.#waiting.shift();
      next.resolve();
    }
  }
}
