/**
 * Runs a scenario: in each round every contender once, each in a process of its own, so that a slow minute of the machine hits all
 * of them alike.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nativeCommand } from './native.mjs';
import { median } from './statistics.mjs';

/** @typedef {import('./types.mjs').Scenario} Scenario */
/** @typedef {import('./types.mjs').Contender} Contender */
/** @typedef {import('./types.mjs').Metrics} Metrics */

const child = fileURLToPath(new URL('./child.mjs', import.meta.url));
const timeout = 120_000;

/** @param {Scenario} scenario @param {Contender} contender @returns {[file: string, args: string[]]} */
function command(scenario, { name, program, args = [] }) {
  if (program) return nativeCommand(program, args);
  return [process.execPath, [...(scenario.execArgv ?? []), child, scenario.name, name]];
}

/** Measures a contender once. @param {Scenario} scenario @param {Contender} contender @returns {Promise<Metrics>} */
async function measure(scenario, contender) {
  const [file, args] = command(scenario, contender);
  const env = { ...process.env, ...contender.env };
  const { stdout } = await promisify(execFile)(file, args, { env, timeout, killSignal: 'SIGKILL' });
  return JSON.parse(stdout);
}

/** The reason of a failure in one line. @param {unknown} error */
function reason(error) {
  const { killed, stderr, message } = /** @type {{ killed?: boolean, stderr?: string, message: string }} */ (error);
  if (killed) return `no result after ${timeout / 1000} s`;
  const lines = (stderr || message).split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? 'unknown').trim();
}

/**
 * @param {Scenario} scenario
 * @param {Map<string, Metrics[]>} samples contender name to one entry for each round
 * @returns {import('./types.mjs').Row[]}
 */
function toRows(scenario, samples) {
  return [...samples].flatMap(([contender, all]) =>
    Object.entries(scenario.metrics).map(([metric, unit]) => {
      const values = all.map((metrics) => metrics[metric]);
      return { contender, metric, unit, median: median(values), samples: values };
    }),
  );
}

/** @param {Scenario} scenario @param {import('./types.mjs').Row[]} rows @returns {import('./types.mjs').CheckResult[]} */
function toChecks(scenario, rows) {
  /** @type {import('./types.mjs').Medians} */
  const medians = {};
  for (const row of rows) medians[row.contender] = { ...medians[row.contender], [row.metric]: row.median };
  return scenario.checks.map(({ title, must, bar, unit, value }) => {
    const found = value(medians);
    if (Number.isNaN(found)) return { title, must, bar, unit, value: null, passed: null };
    return { title, must, bar, unit, value: found, passed: must === 'at least' ? found >= bar : found <= bar };
  });
}

/**
 * @param {Scenario} scenario
 * @param {number} rounds
 * @param {(text: string) => void} progress told what is being measured
 * @returns {Promise<import('./types.mjs').ScenarioResult>}
 */
export async function runScenario(scenario, rounds, progress) {
  /** @type {Map<string, Metrics[]>} */
  const samples = new Map();
  /** @type {Record<string, string>} */
  const failures = {};
  for (let round = 1; round <= rounds; round++) {
    for (const contender of scenario.contenders) {
      if (failures[contender.name]) continue;
      progress(`${scenario.name}, round ${round} of ${rounds}: ${contender.name}`);
      try {
        const metrics = await measure(scenario, contender);
        samples.set(contender.name, [...(samples.get(contender.name) ?? []), metrics]);
      } catch (error) {
        failures[contender.name] = reason(error);
        samples.delete(contender.name);
      }
    }
  }
  const rows = toRows(scenario, samples);
  return { name: scenario.name, title: scenario.title, rows, checks: toChecks(scenario, rows), failures };
}
