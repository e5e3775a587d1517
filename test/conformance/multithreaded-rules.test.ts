/** Rules of the kernel's document on padata, section "Running Multithreaded Jobs", and of DESIGN.md section 5 for workers and chunks. */
import { describe, expect, it } from 'vitest';
import { ChunkRecord, chunksByTheRules, range, ways } from '../support/multithreaded.js';
import { instance } from '../support/padata.js';
import { Random } from '../support/random.js';

const MOST = Number.MAX_SAFE_INTEGER;
const JOBS = 3000;

/** From 0 to `most`, small numbers as likely as large ones. */
function anyUpTo(random: Random, most: number): number {
  const bits = random.below(54);
  const value = random.below(2 ** 32) * 2 ** 21 + random.below(2 ** 21);
  return Math.min(Math.floor(value / 2 ** (53 - bits)), most);
}

function anyJob(random: Random, isHuge: boolean) {
  if (isHuge) {
    const start = anyUpTo(random, MOST);
    return {
      start,
      size: anyUpTo(random, MOST - start),
      align: Math.max(1, anyUpTo(random, MOST)),
      minChunk: Math.max(1, anyUpTo(random, MOST)),
      maxThreads: 1 + random.below(64),
    };
  }
  return {
    start: random.below(100),
    size: random.below(1000),
    align: 1 + random.below(30),
    minChunk: 1 + random.below(40),
    maxThreads: 1 + random.below(9),
  };
}

describe.each(Object.entries(ways))('%s', (_name, run) => {
  it.each([
    ['small', false],
    ['huge', true],
  ])('splits any %s job exactly as the rules say', async (_size, isHuge) => {
    const padata = instance();
    const random = new Random();
    const threadFn = range('recordChunks');
    for (let i = 0; i < JOBS; i++) {
      const job = anyJob(random, isHuge);
      const record = new ChunkRecord(800);
      await run(padata, { ...job, threadFn, fnArg: record.memory });
      const chunks = record.chunks().map(({ start, end }) => ({ start, end }));
      expect(chunks, `${JSON.stringify(job)}, seed ${random.seed}`).toEqual(chunksByTheRules(job));
    }
  });

  it('calls nothing for a size of 0', async () => {
    const record = new ChunkRecord();
    await run(instance(), { threadFn: range('recordChunks'), fnArg: record.memory, start: 5, size: 0 });
    expect(record.chunks()).toEqual([]);
  });

  it('makes exactly one call with the whole range for one worker, whatever the alignment', async () => {
    for (const limits of [{ maxThreads: 1 }, { minChunk: 60 }, { align: 64 }]) {
      const record = new ChunkRecord();
      await run(instance(), { threadFn: range('recordChunks'), fnArg: record.memory, start: 3, size: 100, ...limits });
      expect(record.chunks()).toMatchObject([{ start: 3n, end: 103n }]);
    }
  });

  it('does each unit once', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(100_000));
    const job = { threadFn: range('countUnits'), fnArg: bytes, start: 1000, size: 98_000, maxThreads: 100 };
    await run(instance(), job);
    expect(bytes.every((count, unit) => count === (unit >= 1000 && unit < 99_000 ? 1 : 0))).toBe(true);
  });
});

it('the model itself: boundaries are multiples of the chunk size, from 0 on', () => {
  const chunks = chunksByTheRules({ start: 5, size: 80, align: 10, minChunk: 1, maxThreads: 2 });
  expect(chunks.map(({ end }) => Number(end))).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 85]);
});
