/**
 * Random numbers that can be had again: a test prints its seed when it fails, and PADATA_SEED brings the same numbers
 * back.
 */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed = Number(process.env.PADATA_SEED ?? Math.floor(Math.random() * 2 ** 32))) {
    this.seed = seed;
    this.#state = seed;
  }

  /** An integer in [0, below): Steele, Lea and Flood's SplitMix in 32 bits. */
  below(below: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32) * below);
  }
}
