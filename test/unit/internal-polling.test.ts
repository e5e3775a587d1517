/** When the event loop looks for completions instead of sleeping. Times are made up, in milliseconds. */
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isFew, Polling } from '../../dist/internal/polling.js';

/** Fewer than CPUs, as many as still are few, and more. */
const LONE = Math.min(1, availableParallelism() - 1);
const FEW = 16;
const MANY = 1000;

/** One look in vain after the other, until the loop is to sleep; how many there were. */
function looksInVain(polling: Polling, pending: number, from: number): number {
  let looks = 1;
  while (polling.goesOn(false, pending, from + looks * 0.01)) looks++;
  return looks;
}

describe('Polling', () => {
  it('ends after a tenth of a millisecond in vain', () => {
    const polling = new Polling();
    expect(polling.begin(FEW, 0)).toBe(true);
    expect(looksInVain(polling, FEW, 0)).toBe(10);
    expect(polling.goesOn(false, FEW, 1)).toBe(false);
  });

  it('goes on from each success', () => {
    const polling = new Polling();
    polling.begin(FEW, 0);
    for (let at = 0.09; at < 5; at += 0.09) expect(polling.goesOn(true, FEW, at)).toBe(true);
  });

  it('is given up where it does not pay, and tried again now and then', () => {
    const polling = new Polling();
    let begun = 0;
    for (let i = 0; i < 1000; i++) {
      if (!polling.begin(FEW, i)) continue;
      begun++;
      looksInVain(polling, FEW, i);
    }
    expect(begun).toBeGreaterThan(1000 / 64);
    expect(begun).toBeLessThan(100);
  });

  it.skipIf(LONE === 0)('always begins where there are fewer jobs than CPUs', () => {
    const polling = new Polling();
    for (let i = 0; i < 1000; i++) {
      expect(polling.begin(LONE, i)).toBe(true);
      looksInVain(polling, LONE, i);
    }
  });

  /** One millisecond after the other in which the loop delivers so many jobs in a share of the time, and MANY are pending. */
  function work(polling: Polling, from: number, jobs: number, share: number, costNs: number): boolean {
    for (let at = from; at < from + 4; at++) polling.looked(jobs, MANY, at, at + share, () => costNs);
    return polling.goesOn(true, MANY, from + 4);
  }

  it('with many jobs needs a loop that hardly sleeps', () => {
    expect([isFew(FEW), isFew(FEW + 1)]).toEqual([true, false]);
    const polling = new Polling();
    polling.looked(100, MANY, 0, 0.01, () => 0);
    expect(polling.goesOn(true, MANY, 0.01)).toBe(false);
    expect(work(polling, 0, 20_000, 0.6, 10)).toBe(true); // a depth of 0.05 ms
    expect(work(polling, 4, 20_000, 0.2, 10)).toBe(false); // it sleeps for most of the time
  });

  it('needs less of that where jobs are in flight for long: threads use the CPU meanwhile', () => {
    expect(work(new Polling(), 0, 1000, 0.2, 0)).toBe(true); // a depth of 1 ms
  });

  it('needs less of that, too, where the threads of the other CPUs do not keep up with the loop', () => {
    const polling = new Polling();
    const loopNs = 10; // a job takes the loop: 0.2 ms for 20,000
    const keepUpNs = loopNs * (availableParallelism() - 1);
    expect(work(polling, 0, 20_000, 0.2, 2 * keepUpNs + 1)).toBe(true); // a depth of 0.05 ms
    expect(work(polling, 4, 20_000, 0.2, keepUpNs / 2)).toBe(false);
    expect(work(polling, 8, 200_000, 0.2, 2 * keepUpNs + 1)).toBe(false); // a depth of 0.005 ms
  });
});
