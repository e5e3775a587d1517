/** Calls one function over and over for so many milliseconds, and says how often that was. */
import { parentPort } from 'node:worker_threads';
import { churnInput } from '../../lib/inputs.mjs';
import { churn, mixPart } from './functions.mjs';

/** @type {Record<string, (arg: any) => () => void>} */
const calls = {
  churn(rounds) {
    const input = churnInput(rounds);
    return () => churn(input);
  },
  mix: (part) => () => mixPart(part),
};

parentPort?.on('message', ({ name, arg, ms }) => {
  const call = calls[name](arg);
  const begin = performance.now();
  let count = 0;
  let now = begin;
  for (; now - begin < ms; now = performance.now(), count++) call();
  parentPort?.postMessage((count * 1000) / (now - begin));
});
