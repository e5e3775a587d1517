/**
 * Puts the numbers of the latest full run (bench/results/full.json) into README.md: `node bench/readme.mjs`. With --check it changes nothing
 * and ends with status 1 where they do not agree.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchText, replaceBlock } from './lib/readme.mjs';

const page = new URL('../README.md', import.meta.url);
const folder = new URL('./results/', import.meta.url);

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const results = JSON.parse(readFileSync(new URL('full.json', folder), 'utf8'));
const charts = ['throughput', 'latency', 'scaling'].filter((name) => existsSync(new URL(`${name}.svg`, folder)));
const before = readFileSync(page, 'utf8');
const after = replaceBlock(before, benchText(results, charts));
if (!values.check) {
  writeFileSync(page, after);
} else if (before !== after) {
  console.error('README.md does not agree with bench/results/full.json: node bench/readme.mjs');
  process.exitCode = 1;
}
