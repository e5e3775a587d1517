/**
 * Runs a scenario: in each round every contender once, each in a process of its own, so that a slow minute of the machine hits all
 * of them alike.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cpuDistance } from './cpu-distance.mjs';
import { nativeCommand } from './native.mjs';
import { toResult } from './results.mjs';

/** @typedef {import('./types.mjs').Scenario} Scenario */
/** @typedef {import('./types.mjs').Contender} Contender */
/** @typedef {import('./types.mjs').Metrics} Metrics */
/** @typedef {import('./types.mjs').Settings} Settings */
/** @typedef {import('./types.mjs').ScenarioResult} ScenarioResult */

const child = fileURLToPath(new URL('./child.mjs', import.meta.url));
const timeout = 120_000;

/** @param {Scenario} scenario @param {Contender} contender @param {Settings} settings @returns {[file: string, args: string[]]} */
function command(scenario, { name, program, args = [] }, settings) {
  if (program) return nativeCommand(program, args);
  return [process.execPath, [...(scenario.execArgv ?? []), child, scenario.name, name, JSON.stringify(settings)]];
}

/**
 * Measures a contender once. A program may measure several by turns: contenders with the same command line share what it has printed.
 *
 * @param {Scenario} scenario
 * @param {Contender} contender
 * @param {Settings} settings
 * @param {Map<string, Promise<string>>} round what was printed in this round
 */
async function measure(scenario, contender, settings, round) {
  const [file, args] = command(scenario, contender, settings);
  const env = { ...process.env, ...contender.env, BENCH_MS: `${settings.measuredMs}` };
  const key = JSON.stringify([file, args, contender.env]);
  const run = async () => (await promisify(execFile)(file, args, { env, timeout, killSignal: 'SIGKILL' })).stdout;
  const printed = round.get(key) ?? run();
  round.set(key, printed);
  return JSON.parse(await printed);
}

/** The scenario's metrics, of all that a process has printed. @param {Scenario} scenario @param {Contender} contender @param {Metrics} printed */
function metricsOf(scenario, { name, rename = {} }, printed) {
  const entries = Object.entries(printed).map(([key, value]) => [rename[key] ?? key, value]);
  const known = entries.filter(([key]) => key in scenario.metrics);
  if (known.length === 0) throw new Error(`${name} printed no metric of ${scenario.name}`);
  const wrong = known.find(([, value]) => typeof value !== 'number' || !Number.isFinite(value));
  if (wrong) throw new Error(`${name} printed "${wrong[1]}" as ${wrong[0]}`);
  return Object.fromEntries(known);
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
 * @param {Settings & { rounds: number }} settings
 * @param {(result: ScenarioResult, now: string) => void} progress told what there is so far, and what is measured now
 * @returns {Promise<ScenarioResult>}
 */
export async function runScenario(scenario, settings, progress) {
  /** @type {Map<string, Metrics[]>} */
  const samples = new Map();
  /** @type {Record<string, string>} */
  const failures = {};
  /** @type {Record<string, string>} */
  const leftOut = {};
  /** @type {number[]} */
  const cpuDistances = [];
  for (let round = 1; round <= settings.rounds; round++) {
    const printedNow = new Map();
    for (const contender of scenario.contenders) {
      const { name } = contender;
      if (failures[name] || leftOut[name]) continue;
      progress(toResult(scenario, samples, failures, leftOut), `round ${round} of ${settings.rounds}: ${name}`);
      cpuDistances.push(...cpuDistance());
      try {
        const printed = await measure(scenario, contender, settings, printedNow);
        if (printed.leftOut) leftOut[name] = printed.leftOut;
        else samples.set(name, [...(samples.get(name) ?? []), metricsOf(scenario, contender, printed)]);
      } catch (error) {
        failures[name] = reason(error);
        samples.delete(name);
      }
    }
  }
  const result = toResult(scenario, samples, failures, leftOut);
  return cpuDistances.length === 0 ? result : { ...result, cpuDistances };
}
