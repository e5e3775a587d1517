/** A clock that all threads of the process share: milliseconds of CLOCK_MONOTONIC. `performance.now()` counts from the start of its own thread. */
import { performance } from 'node:perf_hooks';

const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** What a `performance.now()` of this thread is by that clock. */
export const fromPerformance = (ms: number): number => ms + offset;

export const now = (): number => performance.now() + offset;
