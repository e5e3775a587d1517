/**
 * Invariant 6: what a native thread reads or writes cannot be freed, moved, detached, resized or transferred under it. The
 * results are right, whatever is done to the input or to other results. `npm run test:asan` runs this with an addon that
 * AddressSanitizer watches.
 */
import { describe, expect, it } from 'vitest';
import { ends, runScript } from '../support/child.js';

const CASES = [
  'overwritten',
  'transferred',
  'posted',
  'detached',
  'resized',
  'grown',
  'memory of WebAssembly',
  'dropped',
  'detached before',
  'slab taken away',
  'results kept',
  'slabs reused',
  'functions dropped',
  'objects dropped',
];

const ALLOCATED = [
  'dropped',
  'detached',
  'transferred',
  'overwritten',
  'slabs scribbled on',
  'submitted within',
  'freed',
];

describe('invariant 6: the memory of a job in flight', () => {
  it.each(CASES)('%s', async (name) => {
    const execArgv = ['--expose-gc', '--allow-natives-syntax'];
    const ended = await runScript('memory.cjs', [name], { execArgv });
    expect(ended.stderr).toBe('');
    expect(ended).toMatchObject(ends(0, 'ok'));
  });

  it.each(ALLOCATED)('from allocate(): %s', async (name) => {
    const execArgv = ['--expose-gc', '--allow-natives-syntax'];
    const ended = await runScript('allocated.cjs', [name], { execArgv });
    expect(ended.stderr).toBe('');
    expect(ended).toMatchObject(ends(0, 'ok'));
  });
});
