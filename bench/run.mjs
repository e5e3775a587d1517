/**
 * Measures padata against what else there is, side by side: node bench/run.mjs --help
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isSelected } from './lib/contenders.mjs';
import { LiveTable } from './lib/live.mjs';
import { describeMachine } from './lib/machine.mjs';
import { buildNative } from './lib/native.mjs';
import { machineText, scenarioText } from './lib/report.mjs';
import { runScenario } from './lib/rounds.mjs';

/** @typedef {import('./lib/types.mjs').Scenario} Scenario */
/** @typedef {import('./lib/types.mjs').Results} Results */

const scenarioFolder = new URL('./scenarios/', import.meta.url);
const fullResults = fileURLToPath(new URL('./results/full.json', import.meta.url));
/** In the order that a reader wants; what is in the folder besides comes behind. */
const preferred = [
  'noop',
  'echo',
  'aead',
  'lone',
  'javascript',
  'breakeven',
  'skew',
  'compress',
  'cputime',
  'timer',
  'memory',
  'core',
  'multithreaded',
];
const present = readdirSync(scenarioFolder).map((file) => file.replace(/\.mjs$/, ''));
const allNames = [
  ...preferred.filter((name) => present.includes(name)),
  ...present.filter((name) => !preferred.includes(name)).sort(),
];

const usage = `usage: node bench/run.mjs [SCENARIO...] [options]

  SCENARIO           ${allNames.join(', ')};
                     all of them where none is given
  --scenario NAME    the same as an option; again, or with commas, for more
  --backend NAME     only contenders of this backend (piscina, padata-module, evp_loop, ...) or role (padata, peer, yardstick);
                     again, or with commas, for more
  --quick            one short round without the variants: all scenarios in less than 3 minutes
  --rounds N         how often each contender is measured, interleaved (default 5, with --quick 1); the medians count
  --json FILE        where the results go; without it only a full run of everything is kept, in bench/results/full.json
  --check            end with status 1 where a bar is missed or was not measured
`;

/** @param {string[]} values with commas or without */
const split = (values) => values.flatMap((value) => value.split(',')).filter((value) => value !== '');

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      backend: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      json: { type: 'string' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds must be a whole number from 1 on, not "${values.rounds}"`);
  const names = [...positionals, ...split(values.scenario)];
  const unknown = names.find((name) => !allNames.includes(name));
  if (unknown !== undefined) throw new Error(`no scenario is named "${unknown}"; there are ${allNames.join(', ')}`);
  return { ...values, rounds, names: names.length > 0 ? names : allNames, families: split(values.backend) };
}

/** The scenarios with those contenders that take part. @param {string[]} names @param {string[]} families @param {boolean} quick */
async function load(names, families, quick) {
  /** @type {Scenario[]} */
  const all = await Promise.all(names.map(async (name) => (await import(`${scenarioFolder}${name}.mjs`)).default));
  const taking = all.map((scenario) => {
    const contenders = scenario.contenders.filter((each) => isSelected(each, families) && !(quick && each.thorough));
    return { ...scenario, contenders };
  });
  const measured = taking.filter(({ contenders }) => contenders.length > 0);
  if (measured.length === 0) throw new Error(`no contender of ${names.join(', ')} is of ${families.join(', ')}`);
  return measured;
}

/** Builds the native programs where a scenario needs them; without them the other contenders are still measured. @param {Scenario[]} scenarios */
function prepare(scenarios) {
  if (!scenarios.some(({ contenders }) => contenders.some(({ program }) => program))) return;
  try {
    buildNative();
  } catch (error) {
    console.error(`The native contenders could not be built; those of an earlier build are used, if any.\n${error}\n`);
  }
}

/** @param {Scenario[]} scenarios @param {Results['settings']} settings */
async function runAll(scenarios, settings) {
  const live = new LiveTable(settings.rounds * scenarios.reduce((sum, { contenders }) => sum + contenders.length, 0));
  const results = [];
  for (const scenario of scenarios) {
    const begin = performance.now();
    const result = await runScenario(scenario, settings, (sofar, now) => live.draw(sofar, now));
    live.clear();
    console.log(`${scenario.name}, ${Math.round((performance.now() - begin) / 1000)} s: ${scenarioText(result)}`);
    results.push(result);
  }
  return results;
}

/** @param {string} file @param {Results} results */
async function keep(file, results) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
  console.log(`written to ${file}`);
  try {
    const { writeCharts } = await import('./lib/charts.mjs');
    for (const chart of writeCharts(results, dirname(file))) console.log(`written to ${chart}`);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('no charts: echarts is not installed; run npm ci');
  }
}

async function main() {
  const { names, families, rounds, quick, json, check, help } = readArguments();
  if (help) return console.log(usage);
  const settings = { quick, rounds, warmUpMs: quick ? 80 : 300, measuredMs: quick ? 120 : 400 };
  const machine = describeMachine();
  console.log(`${machineText(machine)}\n`);
  const scenarios = await load(names, families, quick);
  prepare(scenarios);
  const begin = performance.now();
  const results = await runAll(scenarios, settings);
  const seconds = Math.round((performance.now() - begin) / 1000);
  console.log(`measured for ${seconds} s`);
  const isFull = !quick && families.length === 0 && names.length === allNames.length;
  const file = json ?? (isFull ? fullResults : undefined);
  if (file) await keep(file, { machine, settings, seconds, scenarios: results });
  if (check && !results.every(({ checks }) => checks.every(({ passed }) => passed))) process.exitCode = 1;
}

main().catch((error) => {
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
});
