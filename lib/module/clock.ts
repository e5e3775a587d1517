/** A clock that all threads of the process share: milliseconds of CLOCK_MONOTONIC. `performance.now()` counts from the start of its own thread. */
import { performance } from 'node:perf_hooks';

const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export const now = (): number => performance.now() + offset;
