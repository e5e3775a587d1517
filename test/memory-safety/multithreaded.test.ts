/**
 * Invariants 6 and 8 for multithreaded jobs: memory stays as long as a chunk works on it, also when its environment ends meanwhile.
 * `npm run test:asan` runs this with an addon that AddressSanitizer watches.
 */
import { describe, expect, it } from 'vitest';
import { ends, runScript } from '../support/child.js';

const CASES = [
  'dropped',
  'grown',
  'wasm',
  'posted',
  'end of process',
  'terminated',
  'exited',
  'thrown',
  'exited in progress',
];

describe('the memory of a multithreaded job', () => {
  it.each(CASES)('%s', async (name) => {
    const ended = await runScript('mt-memory.cjs', [name], { execArgv: ['--expose-gc'] });
    expect(ended.stderr).toBe('');
    expect(ended).toMatchObject(ends(0, 'ok'));
  });
});
