/**
 * Measures padata against what else there is, side by side: node bench/run.mjs [SCENARIO...] [--rounds N] [--json FILE] [--check]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './lib/machine.mjs';
import { buildNative } from './lib/native.mjs';
import { machineText, scenarioText } from './lib/report.mjs';
import { runScenario } from './lib/rounds.mjs';

/** @typedef {import('./lib/types.mjs').Scenario} Scenario */

const allNames = ['noop', 'aead', 'lone', 'core', 'multithreaded', 'timer', 'memory'];
const usage = `usage: node bench/run.mjs [SCENARIO...] [--rounds N] [--json FILE] [--check]

  SCENARIO      ${allNames.join(', ')}; all of them where none is given
  --rounds N    how often each contender is measured, interleaved (default 5); the medians count
  --json FILE   where the results go; without it only a run of all scenarios is kept, in bench/results/
  --check       end with status 1 where a bar is missed
`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds must be a whole number from 1 on, not "${values.rounds}"`);
  const unknown = positionals.find((name) => !allNames.includes(name));
  if (unknown !== undefined) throw new Error(`no scenario is named "${unknown}"; there are ${allNames.join(', ')}`);
  return { ...values, rounds, names: positionals.length > 0 ? positionals : allNames };
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

/** Shows on a terminal what is going on; nothing in a pipe. @param {string} text */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** @param {ReturnType<typeof describeMachine>} machine @param {string[]} names */
function defaultFile({ date, commit }, names) {
  if (names.length < allNames.length) return undefined;
  const name = `${date.slice(0, 10)}-${commit.split(' ')[0] || 'unknown'}.json`;
  return fileURLToPath(new URL(`./results/${name}`, import.meta.url));
}

async function main() {
  const { names, rounds, json, check, help } = readArguments();
  if (help) return console.log(usage);
  const machine = describeMachine();
  console.log(`${machineText(machine)}\n`);
  /** @type {Scenario[]} */
  const scenarios = await Promise.all(names.map(async (name) => (await import(`./scenarios/${name}.mjs`)).default));
  prepare(scenarios);
  const results = [];
  for (const scenario of scenarios) {
    const result = await runScenario(scenario, rounds, progress);
    progress('');
    console.log(scenarioText(result));
    results.push(result);
  }
  const file = json ?? defaultFile(machine, names);
  if (file) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ machine, rounds, scenarios: results }, undefined, 2)}\n`);
    console.log(`written to ${file}`);
  }
  if (check && !results.every(({ checks }) => checks.every(({ passed }) => passed))) process.exitCode = 1;
}

main().catch((error) => {
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
});
