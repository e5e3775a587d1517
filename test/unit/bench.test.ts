/** The harness of the benchmarks: the reorder buffer on top of the pools, the arithmetic, the README's numbers and the charts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../support/random.js';
import { root } from '../support/sources.js';

const load = (file: string) => import(join(root, 'bench', file));
const { inOrder } = await load('lib/reorder-buffer.mjs');
const { drive, checkOrder } = await load('lib/drivers.mjs');
const { toResult } = await load('lib/results.mjs');
const { quantile, median } = await load('lib/statistics.mjs');
const { benchText, replaceBlock } = await load('lib/readme.mjs');

interface Lane {
  submit(): void;
}

type Done = (lane: Lane, result: unknown) => void;

/** A backend that completes its jobs in an order of its own, some of them much later. */
function shuffling(seed: number) {
  const random = new Random(seed);
  const noopLane = (done: Done) => {
    const lane = { submit: () => void setTimeout(() => done(lane, undefined), random.below(4)) };
    return lane;
  };
  return { ordered: false, noopLane, mapChurn: async () => {} };
}

describe('reorder buffer', () => {
  it('gives results in the order of submission, whatever the order of completion', async () => {
    const bare = shuffling(1);
    await expect(checkOrder(bare.noopLane, 500)).rejects.toThrow(/completed as number/);
    const backend = inOrder(bare);
    expect(backend.ordered).toBe(true);
    await checkOrder(backend.noopLane, 500);
    // Far more lanes than the ring had room for in the beginning, and another time through the same buffer.
    await checkOrder(backend.noopLane, 5000);
    await checkOrder(backend.noopLane, 5000);
  });

  it('hands results to the lane they belong to', async () => {
    const backend = inOrder({
      ordered: false,
      echoLane: (size: number, done: Done) => {
        const lane = { submit: () => void setTimeout(() => done(lane, size), size % 3) };
        return lane;
      },
    });
    const sizes = Array.from({ length: 100 }, (_, i) => i);
    const results = await new Promise<unknown[]>((resolve) => {
      const seen: unknown[] = [];
      const done: Done = (_, result) => seen.push(result) === sizes.length && resolve(seen);
      for (const size of sizes) backend.echoLane(size, done).submit();
    });
    expect(results).toEqual(sizes);
  });

  it('leaves everything else of a backend alone', () => {
    const bare = shuffling(2);
    expect(inOrder(bare).mapChurn).toBe(bare.mapChurn);
  });
});

it('drive() counts every job, and has none in flight when it settles', async () => {
  let submitted = 0;
  let completed = 0;
  const makeLane = (done: Done) => {
    const lane = {
      submit() {
        submitted++;
        setImmediate(() => {
          completed++;
          done(lane, undefined);
        });
      },
    };
    return lane;
  };
  const { rate, jobs } = await drive(makeLane, 100, 20);
  expect(rate).toBeGreaterThan(0);
  expect(completed).toBe(submitted);
  expect(Math.abs(jobs - completed)).toBeLessThanOrEqual(128); // the clock is looked at in groups
});

it('medians and quantiles', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([5, 1, 4, 2, 3], 0.99)).toBe(5);
  expect(quantile([5, 1, 4, 2, 3], 0)).toBe(1);
});

const scenario = {
  name: 'noop',
  title: 'a title',
  metrics: { n1024: 'jobs/s', lateness: 'ms' },
  contenders: [
    { name: 'padata', backend: 'padata' },
    { name: 'padata, other', backend: 'padata' },
    { name: 'tinypool', backend: 'tinypool' },
    { name: 'piscina', backend: 'piscina' },
    { name: 'main thread', backend: 'main-thread', role: 'yardstick' },
  ],
  checks: [
    {
      title: 'rate',
      must: 'at least',
      bar: 2,
      unit: 'x',
      value: (m: Record<string, { n1024: number }>) => m.padata!.n1024 / 100,
    },
    { title: 'absent', must: 'at least', bar: 2, unit: 'x', value: () => Number.NaN },
  ],
};
const samples = new Map([
  [
    'padata',
    [
      { n1024: 300, lateness: 1 },
      { n1024: 100, lateness: 1 },
      { n1024: 500, lateness: 4 },
    ],
  ],
  ['padata, other', [{ n1024: 200, lateness: 8 }]],
  ['tinypool', [{ n1024: 60, lateness: 2 }]],
  ['piscina', [{ n1024: 50, lateness: 0.5 }]],
  ['main thread', [{ n1024: 900 }]],
]);
const result = toResult(scenario, samples, {}, {});

describe('results', () => {
  const row = (contender: string, metric: string) =>
    result.rows.find(
      (each: { contender: string; metric: string }) => each.contender === contender && each.metric === metric,
    );

  it('has ratios to the best padata and to the best peer; yardsticks are neither', () => {
    expect(row('padata', 'n1024')).toMatchObject({ median: 300, low: 100, high: 500, toPadata: 1, toBestPeer: 5 });
    expect(row('tinypool', 'n1024')).toMatchObject({ toPadata: 0.2, toBestPeer: 1 });
    expect(row('main thread', 'n1024')).toMatchObject({ role: 'yardstick', toPadata: 3, toBestPeer: 15 });
    expect(row('padata', 'lateness')).toMatchObject({ median: 1, toBestPeer: 2 });
    expect(row('main thread', 'lateness')).toBeUndefined();
  });

  it('has checks: passed, or not measured', () => {
    expect(result.checks).toMatchObject([
      { value: 3, passed: true },
      { value: null, passed: null },
    ]);
  });
});

const full = JSON.parse(readFileSync(join(root, 'bench/results/full.json'), 'utf8'));
const results = { ...full, scenarios: [result] };

describe('what is made of results', () => {
  it('README: a line with the numbers and the ratio, and what others are quicker at', () => {
    const text = benchText(results, []);
    expect(text).toContain('| 300 jobs/s | tinypool: 60 jobs/s | 5.0 |');
    expect(text).toContain('`noop`, `lateness`: piscina, 0.50 ms against 1.0 ms');
    expect(text).not.toContain('`noop`, `n1024`');
  });

  it('README: the block is replaced, and nothing else', () => {
    const page = `before\n${benchText(results, [])}\nbehind\n`;
    const other = benchText(results, ['latency']);
    expect(replaceBlock(page, other)).toBe(`before\n${other}\nbehind\n`);
    expect(() => replaceBlock('no block', other)).toThrow(/bench:begin/);
  });

  it('charts: SVG with a line for each contender', async () => {
    const { drawCharts } = await load('lib/charts.mjs');
    const { throughput, latency } = drawCharts(results);
    expect(throughput).toMatch(/^<svg [\s\S]*<\/svg>$/);
    for (const name of ['padata', 'tinypool', 'piscina', 'main thread'])
      expect(throughput).toContain(`>${name}</text>`);
    expect(latency).toBeUndefined();
  });
});
