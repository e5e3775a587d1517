/** Jobs of which 1 in 1000 ends its isolate. PADATA_DEATHS_JOBS says how many; the full measure is a million. */
import { expect, it } from 'vitest';
import { runScript } from '../support/child.js';

const JOBS = Number(process.env.PADATA_DEATHS_JOBS ?? 20_000);
const EVERY = 1000;
/** Of what the allocators keep after a heap has come and gone. */
const NOISE_MIB = 48;

it(`${JOBS} jobs: all settle, in order, and memory is flat`, { timeout: 3_600_000 }, async () => {
  const options = { execArgv: ['--expose-gc'], patience: 3_590_000 };
  const { code, stdout, stderr } = await runScript('module-deaths.cjs', [String(JOBS), String(EVERY)], options);
  expect([code, stderr]).toEqual([0, '']);
  const { fine, died, wrong, before, after } = JSON.parse(stdout) as Record<string, number>;
  expect({ fine, died, wrong }).toEqual({ fine: JOBS - JOBS / EVERY, died: JOBS / EVERY, wrong: 0 });
  expect(after, `${before} MiB before`).toBeLessThanOrEqual(before! + NOISE_MIB);
});
