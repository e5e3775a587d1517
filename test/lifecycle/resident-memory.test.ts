/** Resident memory is flat. PADATA_RSS_JOBS says over how many jobs; the full measure is fifty million. */
import { expect, it } from 'vitest';
import { runScript } from '../support/child.js';

const JOBS = Number(process.env.PADATA_RSS_JOBS ?? 3_000_000);
/** Of what the garbage collector may have left or taken meanwhile. A leak of one byte a job is more over fifty million. */
const NOISE_MIB = 24;

it(`over ${JOBS} jobs`, { timeout: 600_000 }, async () => {
  const { code, stdout } = await runScript('rss.cjs', [String(JOBS)], { execArgv: ['--expose-gc'], patience: 590_000 });
  expect(code).toBe(0);
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  expect(after, `${before} MiB before`).toBeLessThanOrEqual(before + NOISE_MIB);
});
