/**
 * Invariants 1, 2 and 4 at length: jobs of random cost over eight shells, while the cpumasks are changed continuously from the
 * callbacks of another shell. PADATA_STRESS_JOBS says how many; the full measure is ten million.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Job, type NativeFunction, Padata, type Shell } from 'padata';
import { noop, spin } from 'padata/functions';
import { expect, it } from 'vitest';
import { firstCpu, here, lastCpu, native } from '../support/padata.js';
import { Random } from '../support/random.js';

const JOBS = Number(process.env.PADATA_STRESS_JOBS ?? 300_000);
const SHELLS = 8;
const IN_FLIGHT = 512;
const HANG_MS = 60_000;

/** Submits jobs whose result is their place in the order of the shell, and looks whether that is what comes. */
class Producer {
  delivered = 0;
  wrong = 0;
  readonly #shell: Shell;
  readonly #functions: NativeFunction[];
  readonly #random: Random;
  readonly #total: number;
  #submitted = 0;

  constructor(shell: Shell, functions: NativeFunction[], random: Random, total: number) {
    this.#shell = shell;
    this.#functions = functions;
    this.#random = random;
    this.#total = total;
  }

  submit(): void {
    while (this.#submitted < this.#total && this.#shell.pending < IN_FLIGHT) {
      const seqNr = this.#submitted++;
      const index = this.#random.below(this.#functions.length);
      const parallel = this.#functions[index]!;
      this.#shell.doParallel({ parallel, serial: (job: Job) => this.#serial(job, seqNr, index === 0) });
    }
  }

  drained(): Promise<void> {
    return this.#shell.drain();
  }

  #serial(job: Job, seqNr: number, isNumbered: boolean): void {
    if (seqNr !== this.delivered++) this.wrong++;
    if (isNumbered && job.result !== seqNr) this.wrong++;
    if (this.#shell.pending < IN_FLIGHT / 2) this.submit();
  }
}

it(`${JOBS} jobs: nothing lost, nothing twice, nothing out of order`, { timeout: 3_600_000 }, async () => {
  const random = new Random();
  const padata = new Padata('stress');
  const functions = [native('seqNr'), noop, spin(200), spin(2000)] as NativeFunction[];
  const producers = Array.from(
    { length: SHELLS },
    () => new Producer(padata.createShell(), functions, random, JOBS / SHELLS),
  );
  const masks = [here, [firstCpu], [lastCpu]];
  const other = padata.createShell();
  let changes = 0;
  const change = (): void => {
    padata.setCpumask(changes % 4 === 0 ? 'serial' : 'parallel', masks[random.below(3)]!);
    changes++;
    if (producers.some((producer) => producer.delivered < JOBS / SHELLS)) submitChange();
  };
  const submitChange = () => other.doParallel({ parallel: noop, serial: change });
  for (const producer of producers) producer.submit();
  submitChange();
  while (producers.some((producer) => producer.delivered < JOBS / SHELLS)) {
    const before = producers.map(({ delivered }) => delivered);
    await Promise.race([
      delay(HANG_MS, undefined, { ref: false }),
      Promise.all(producers.map((producer) => producer.drained())),
    ]);
    expect(
      producers.map(({ delivered }) => delivered),
      'nothing moves any more',
    ).not.toEqual(before);
  }
  await padata.close();
  expect(changes).toBeGreaterThan(10);
  expect(producers.map(({ delivered }) => delivered)).toEqual(producers.map(() => JOBS / SHELLS));
  expect(
    producers.map(({ wrong }) => wrong),
    `PADATA_SEED=${random.seed}`,
  ).toEqual(producers.map(() => 0));
});
