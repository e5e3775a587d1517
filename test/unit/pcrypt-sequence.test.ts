import { describe, expect, it } from 'vitest';
import { ReplayWindow, SequenceCounter } from '../../dist/pcrypt/sequence.js';
import { Random } from '../support/random.js';

const HALF = 2n ** 32n;
const receive = (window: ReplayWindow, number: bigint) => window.receive(Number(number / HALF), Number(number % HALF));

function take(counter: SequenceCounter): bigint {
  const view = new DataView(new ArrayBuffer(8));
  counter.take(view);
  return view.getBigUint64(0);
}

describe('SequenceCounter (RFC 4303, 3.3.3)', () => {
  it('counts from its first number on', () => {
    const counter = new SequenceCounter(1n, false);
    expect([take(counter), take(counter), take(counter), counter.next]).toEqual([1n, 2n, 3n, 4n]);
  });
  it('never cycles without extended sequence numbers', () => {
    const counter = new SequenceCounter(HALF - 2n, false);
    expect([take(counter), take(counter)]).toEqual([HALF - 2n, HALF - 1n]);
    const overflow = expect.objectContaining({ code: 'EOVERFLOW', message: expect.stringContaining('esn: true') });
    expect(() => take(counter)).toThrow(overflow);
    expect(() => take(counter)).toThrow(overflow);
  });
  it('carries into the upper half with them', () => {
    const counter = new SequenceCounter(HALF - 1n, true);
    expect([take(counter), take(counter)]).toEqual([HALF - 1n, HALF]);
  });
  it('ends at 2^64 - 1 with them', () => {
    const counter = new SequenceCounter(HALF * HALF - 1n, true);
    expect(take(counter)).toBe(HALF * HALF - 1n);
    expect(() => take(counter)).toThrow(expect.objectContaining({ code: 'EOVERFLOW' }));
  });
});

describe('ReplayWindow (RFC 4303, 3.4.3)', () => {
  it('never accepts 0, and accepts 1 first', () => {
    const window = new ReplayWindow(64, 0n);
    expect(receive(window, 0n)).toBe('replayed');
    expect(receive(window, 1n)).toBe('new');
    expect(window.top).toBe(1n);
  });
  it('takes what comes late once, and nothing from below its bottom', () => {
    const window = new ReplayWindow(64, 0n);
    expect(receive(window, 100n)).toBe('new');
    expect(receive(window, 37n)).toBe('new');
    expect(receive(window, 37n)).toBe('replayed');
    expect(receive(window, 36n)).toBe('too old');
    expect(receive(window, 100n)).toBe('replayed');
    expect(window.top).toBe(100n);
  });
  it('counts everything up to its first top as received', () => {
    const window = new ReplayWindow(64, 1000n);
    expect(receive(window, 1000n)).toBe('replayed');
    expect(receive(window, 990n)).toBe('replayed');
    expect(receive(window, 1n)).toBe('too old');
    expect(receive(window, 1001n)).toBe('new');
  });
  it('lets all pass when it is off', () => {
    const window = new ReplayWindow(0, 0n);
    for (const number of [5n, 5n, 1n]) expect(receive(window, number)).toBe('new');
    expect(window.top).toBe(5n);
  });

  // The definition: a set of all that came.
  class Model {
    readonly seen = new Set<bigint>();
    constructor(
      readonly size: bigint,
      public top: bigint,
    ) {}
    receive(number: bigint): string {
      if (number <= this.top - this.size) return 'too old';
      if (this.seen.has(number)) return 'replayed';
      this.seen.add(number);
      if (number > this.top) this.top = number;
      return 'new';
    }
  }

  it.each([1, 2, 31, 32, 33, 64, 100, 1000, 4096])('agrees with the definition, size %d', (size) => {
    const random = new Random();
    for (const first of [0n, HALF - 50n, 5n * HALF - 7n, 2n ** 63n]) {
      const window = new ReplayWindow(size, first);
      const model = new Model(BigInt(size), first);
      for (let i = 0n; i <= BigInt(size) && i <= first; i++) model.seen.add(first - i);
      for (let i = 0; i < 5000; i++) {
        const reach = random.below(20) === 0 ? size * 3 : 8;
        const number = model.top + BigInt(random.below(reach + size) - size);
        if (number < 0n) continue;
        expect(receive(window, number), `seed ${random.seed}, ${number} at ${model.top}`).toBe(model.receive(number));
        expect(window.top).toBe(model.top);
      }
    }
  });
});
