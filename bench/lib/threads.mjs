import { availableParallelism } from 'node:os';

/** How many workers a pool gets, and how many CPUs there are for padata: all that this process may use. */
export const threads = availableParallelism();
