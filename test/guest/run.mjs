// Tests with real CPU hotplug, in QEMU guests: `npm run build && npm run build:fixture && node test/guest/run.mjs`.
//
//   --if-possible     exit status 0 where QEMU or a kernel cannot be had here
//   --cpus 4,8        CPUs of the guests
//   --only NAME,…     some of the scenarios
//   --accel tcg       as run-guest.sh has it: auto, kvm, tcg
//
// One guest for each number of CPUs runs all scenarios, one process after the other. A line for each; exit status 1 if any failed.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '../..');
const MISSING = 77;
const GUEST_LIMIT_S = 300;
const SCENARIO_LIMIT_S = 150;

/** Names by which a scenario reports, and how it is run. hot-add is first: its CPUs are there for the others. */
const SCENARIOS = [
  { name: 'hot-add', command: 'node hot-add.cjs' },
  { name: 'flaps', command: 'node flaps.cjs' },
  { name: 'last-cpu', command: 'node last-cpu.cjs' },
  { name: 'kernel-api', command: 'node kernel-api.cjs' },
  { name: 'cpuset', command: 'node cpuset.cjs' },
  { name: 'wiped', command: 'node wiped.cjs' },
  { name: 'begin-outside', command: 'node begin-outside.cjs' },
  // In user and network namespaces of its own, as in many containers, a process gets no uevents.
  { name: 'no-uevents', command: 'unshare -Urn node no-uevents.cjs' },
];

const { values } = parseArgs({
  options: {
    'if-possible': { type: 'boolean', default: false },
    cpus: { type: 'string', default: '4,8' },
    only: { type: 'string' },
    accel: { type: 'string', default: 'auto' },
  },
});

function script(scenarios) {
  const limited = ({ command }) => command.replace('node ', `timeout -s KILL ${SCENARIO_LIMIT_S} node `);
  return ['cd test/guest/scenarios', ...scenarios.map(limited), 'exit 0'].join('\n');
}

/** Runs the scenarios in a guest. Returns the rig's exit status, and by name whether a scenario said `ok` or `not ok`. */
async function runGuest(cpus, scenarios) {
  const args = [
    '-c',
    cpus - 2,
    '-x',
    cpus,
    '-t',
    GUEST_LIMIT_S,
    '-a',
    values.accel,
    '--',
    'sh',
    '-c',
    script(scenarios),
  ];
  const rig = spawn(join(import.meta.dirname, 'run-guest.sh'), args.map(String), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => rig.on('close', resolve));
  const said = new Map();
  for await (const line of createInterface({ input: rig.stdout })) {
    const [, verdict, name] = /^(ok|not ok) ([^:]+):/.exec(line) ?? [];
    if (name !== undefined) said.set(name, verdict);
    console.log(`  ${line}`);
  }
  return { status: await ended, said };
}

/** @returns how many scenarios failed, or undefined if no guest can be had here */
async function testWith(cpus, scenarios) {
  const start = performance.now();
  console.log(`guest with ${cpus} CPUs, two of them hot-added`);
  const { status, said } = await runGuest(cpus, scenarios);
  if (status === MISSING) return undefined;
  const failed = scenarios.filter(({ name }) => said.get(name) !== 'ok');
  for (const { name } of failed) if (!said.has(name)) console.log(`  not ok ${name}: it did not report`);
  if (status !== 0) console.log(`  not ok: the guest ended with ${status}`);
  console.log(
    `  ${scenarios.length - failed.length} of ${scenarios.length} passed, ${Math.round((performance.now() - start) / 1000)} s`,
  );
  return failed.length + (status === 0 ? 0 : 1);
}

function checkBuilt() {
  const needed = ['dist/index.js', 'test/fixtures/native-addon/build/Release/fixture.node'];
  const missing = needed.filter((path) => !existsSync(join(root, path)));
  if (missing.length !== 0) throw new Error(`${missing.join()} missing: npm run build && npm run build:fixture`);
}

async function main() {
  checkBuilt();
  const wanted = values.only?.split(',');
  const scenarios = SCENARIOS.filter(({ name }) => wanted === undefined || wanted.includes(name));
  if (scenarios.length === 0) throw new Error(`--only: the scenarios are ${SCENARIOS.map(({ name }) => name).join()}`);
  let failures = 0;
  for (const cpus of values.cpus.split(',').map(Number)) {
    if (!(cpus >= 3)) throw new Error('--cpus: numbers from 3 on');
    const failed = await testWith(cpus, scenarios);
    if (failed === undefined) {
      console.log(`skipped: no guest can be had here (see above): ${scenarios.map(({ name }) => name).join(', ')}`);
      return values['if-possible'] ? 0 : 1;
    }
    failures += failed;
  }
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main();
