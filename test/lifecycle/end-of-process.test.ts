/**
 * Invariant 8: nothing in flight can crash teardown. Each child has 100,000 jobs of all kinds in flight when it ends.
 * PADATA_LIFECYCLE says how often; the full measure is 100.
 */
import { describe, expect, it } from 'vitest';
import { ends, runScript } from '../support/child.js';

const TIMES = Number(process.env.PADATA_LIFECYCLE ?? 4);
const options = { timeout: 60_000 * TIMES };

describe(`the end of the process, ${TIMES} times each`, () => {
  it.each([
    ['exit', 7],
    ['exit-in-serial', 7],
    ['throw', 1],
    ['throw-in-serial', 1],
  ])('%s', options, async (how, code) => {
    for (let i = 0; i < TIMES; i++) {
      const ended = await runScript('flood.cjs', [how]);
      expect(ended).toMatchObject(ends(code));
      if (code === 1) expect(ended.stderr).toMatch(/^Error: on purpose$/m);
      else expect(ended.stderr).toBe('');
    }
  });

  it('by itself, when all jobs are through', options, async () => {
    // Of 100,000 jobs every sixteenth has a native serial().
    for (let i = 0; i < TIMES; i++) expect(await runScript('flood.cjs', ['return'])).toMatchObject(ends(0, '93750'));
  });
});

describe(`the end of a Worker, ${TIMES} times each`, () => {
  it.each([
    ['terminate', '1'],
    ['terminate-late', '1'],
    ['exit', '7'],
    ['throw', 'on purpose'],
    ['return', '93750'],
  ])('%s', options, async (how, outcome) => {
    const patience = 30_000 + TIMES * 10_000;
    // The Worker loads the addon first, and is the only one; then the main thread uses it as well.
    expect(await runScript('workers.cjs', [how, String(TIMES)], { patience })).toMatchObject(ends(0, outcome));
    const both = await runScript('workers.cjs', [how, String(TIMES), 'here'], { patience });
    expect(both).toMatchObject({ ...ends(0, outcome), stderr: '' });
  });
});

it('no job runs when the libraries that were loaded before are torn down', options, async () => {
  for (let i = 0; i < TIMES; i++) expect(await runScript('mortal.cjs')).toMatchObject({ ...ends(7), stderr: '' });
});

describe('jobs whose environment is gone', () => {
  it('are not begun, or are completed for nobody', async () => {
    expect(await runScript('late.cjs')).toMatchObject({ ...ends(0, 'ok'), stderr: '' });
  });
});

describe('what keeps a process alive', () => {
  it.each([
    ['unused', 'end '],
    ['idle', 'ran end '],
    ['again', 'ran end '],
    ['drained', 'drained end '],
    ['freed', 'end '],
    ['pending', 'serial end '],
    ['native', 'serial end '],
  ])('%s', async (how, output) => {
    expect(await runScript('alive.cjs', [how])).toMatchObject({ ...ends(0, output), stderr: '' });
  });
});
