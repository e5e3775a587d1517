/** What the workers of poolifier run. */
import { ThreadWorker } from 'poolifier';
import * as functions from './functions.mjs';

/** @type {Record<string, (input: any) => unknown>} */
const known = { ...functions };

export default new ThreadWorker(known);
