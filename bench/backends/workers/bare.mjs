/** What bare worker_threads run: a message is the number of a job, the name of its function, and its input. */
import { parentPort } from 'node:worker_threads';
import * as functions from './functions.mjs';

/** @type {Record<string, (input: any) => unknown>} */
const known = { ...functions };

parentPort?.on('message', ([id, name, input]) => parentPort?.postMessage([id, known[name](input)]));
