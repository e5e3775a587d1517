/**
 * Isolates and the end of the process: nothing in flight can crash or hang it, nothing idle delays it. PADATA_LIFECYCLE says how often the first ones are
 * tried; the full measure is 100.
 */
import { describe, expect, it } from 'vitest';
import { ends, runScript } from '../support/child.js';

const TIMES = Number(process.env.PADATA_LIFECYCLE ?? 4);
const options = { timeout: 60_000 * TIMES };

describe(`the end of the process with module jobs in flight, ${TIMES} times each`, () => {
  it.each([
    ['exit', 7],
    ['exit-early', 7],
    ['exit-in-serial', 7],
    ['throw', 1],
    ['throw-early', 1],
    ['throw-in-serial', 1],
  ])('%s', options, async (how, code) => {
    for (let i = 0; i < TIMES; i++) {
      const ended = await runScript('modules.cjs', [how]);
      expect(ended).toMatchObject(ends(code));
      if (code === 1) expect(ended.stderr).toMatch(/^Error: on purpose$/m);
      else expect(ended.stderr).toBe('');
    }
  });

  it.each(['return', 'return-early'])('by itself, when all jobs are through: %s', options, async (how) => {
    // Of 2000 jobs about a quarter has a serial() that is a module function.
    for (let i = 0; i < TIMES; i++) {
      expect(await runScript('modules.cjs', [how])).toMatchObject({ ...ends(0, '1504'), stderr: '' });
    }
  });
});

it(
  `${TIMES} Workers with module jobs in flight are terminated; this thread's jobs do not notice`,
  options,
  async () => {
    const patience = 30_000 + TIMES * 10_000;
    const ended = await runScript('module-workers.cjs', [String(TIMES)], { patience });
    expect(ended).toMatchObject({ ...ends(0, String(TIMES)), stderr: '' });
  },
);

describe('what keeps a process with isolates alive', () => {
  it.each([
    ['unused', 'end '],
    ['idle', 'ran end '],
    ['broadcast', 'ran end '],
    ['again', 'ran end '],
    ['timer', 'timer end '],
    ['pending', 'slept end '],
    ['pending serial', 'drained end '],
    ['closed', 'closed end '],
  ])('%s', async (how, output) => {
    expect(await runScript('module-alive.cjs', [how])).toMatchObject({ ...ends(0, output), stderr: '' });
  });

  it('what an isolate prints appears', async () => {
    const ended = await runScript('module-alive.cjs', ['print']);
    expect(ended).toMatchObject({ ...ends(0, 'from the isolate\nend '), stderr: 'from the isolate, too\n' });
  });
});
