/** All pins are wiped from outside, as `taskset -ap` does it; each thread comes back to its CPU, and stats() counts it. */
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { padataThreads, possibleCpus } = require('../support/machine.cjs');
const { scenario, Times } = require('../support/scenario.cjs');

const run = promisify(execFile);
const pins = (s) => new Map(s.padata.stats().cpus.map((entry) => [entry.cpu, entry]));

/** Every CPU with a thread has lost a pin since `before`, and every pin that was lost was restored. */
function checkCounts(before, after, threads) {
  for (const { cpu } of threads) {
    const { pinsLost, pinsRestored } = after.get(cpu) ?? {};
    if (!(pinsLost > (before.get(cpu)?.pinsLost ?? 0))) throw new Error(`CPU ${cpu}: pinsLost is ${pinsLost}`);
    if (pinsRestored !== pinsLost) throw new Error(`CPU ${cpu}: ${pinsLost} pins lost, ${pinsRestored} restored`);
  }
}

scenario('wiped', async (make) => {
  const s = make({ checkMs: 1000 });
  const times = new Times();
  const rounds = s.rounds ?? 5;
  await s.until('all CPUs have a thread', () => padataThreads().length > possibleCpus().weight);
  await s.settled();
  let wiped = 0;
  for (let round = 0; round < rounds; round++) {
    const before = pins(s);
    await run('taskset', ['-apc', possibleCpus().toList(), String(process.pid)]);
    times.add(await s.settled());
    const threads = padataThreads();
    checkCounts(before, pins(s), threads);
    wiped += threads.length;
  }
  return `${wiped} pins wiped in ${rounds} rounds, pinned again after ${times}`;
});
