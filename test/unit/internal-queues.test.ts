/** The plain data structures inside: Fifo and Milestones. */
import { describe, expect, it } from 'vitest';
import { Fifo } from '../../dist/internal/fifo.js';
import { Milestones } from '../../dist/internal/milestones.js';
import { turns } from '../support/padata.js';
import { Random } from '../support/random.js';

describe('Fifo', () => {
  it('gives back what was put in, in order, like an array', () => {
    const random = new Random();
    const fifo = new Fifo<number>();
    const model: number[] = [];
    for (let i = 0; i < 100_000; i++) {
      // It grows, then shrinks, then grows again.
      if (random.below(100) < (Math.floor(i / 20_000) % 2 === 0 ? 60 : 40)) {
        fifo.push(i);
        model.push(i);
      } else {
        expect(fifo.shift(), `PADATA_SEED=${random.seed}`).toBe(model.shift());
      }
      if (i % 1000 === 0) expect([fifo.length, fifo.peek()]).toEqual([model.length, model[0]]);
    }
    while (model.length !== 0) expect(fifo.shift()).toBe(model.shift());
    expect([fifo.length, fifo.peek(), fifo.shift(), fifo.shift()]).toEqual([0, undefined, undefined, undefined]);
  });
});

describe('Milestones', () => {
  it('resolves in order, each when its position is reached', async () => {
    const milestones = new Milestones();
    const reached: number[] = [];
    for (const position of [1, 3, 3, 7]) milestones.reached(position).then(() => reached.push(position));
    milestones.advance(0);
    await turns(1);
    expect(reached).toEqual([]);
    milestones.advance(3);
    await turns(1);
    expect(reached).toEqual([1, 3, 3]);
    expect(milestones.isEmpty).toBe(false);
    milestones.advance(100);
    await turns(1);
    expect(reached).toEqual([1, 3, 3, 7]);
    expect(milestones.isEmpty).toBe(true);
  });

  it('works where the numbers wrap', async () => {
    const milestones = new Milestones();
    let isReached = false;
    milestones.reached(-2147483647).then(() => {
      isReached = true;
    });
    milestones.advance(2147483647);
    await turns(1);
    expect(isReached).toBe(false);
    milestones.advance(-2147483647);
    await turns(1);
    expect(isReached).toBe(true);
  });
});
