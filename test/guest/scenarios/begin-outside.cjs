/**
 * No parallel() begins on a CPU that has left the usable mask. A native parallel() notes its CPU and the time; of a CPU that
 * was told to be gone there must be no note until it may come back.
 */
const { nativeFunction } = require('padata');
const { spin } = require('padata/functions');
const { beginnings } = require('../../fixtures/native-addon/build/Release/fixture.node');
const { takeNotes } = require('../support/load.cjs');
const { removableCpus, setOnline } = require('../support/machine.cjs');
const { scenario, sleep } = require('../support/scenario.cjs');

const now = () => Number(process.hrtime.bigint()); // the clock of the notes

function keepBusy(s, fn) {
  const shell = s.padata.createShell();
  const work = spin(300_000); // so much that all CPUs are wanted
  const timer = setInterval(() => {
    while (s.padata.state === 'running' && shell.pending < 64) {
      for (const parallel of [work, fn]) shell.doParallel({ parallel, serial() {} });
    }
  }, 5);
  return () => clearInterval(timer);
}

/** The CPU is outside between the two times that are returned. */
async function byHotplug(s, cpu) {
  await setOnline(cpu, false);
  await s.usable(cpu, false);
  const from = now();
  await sleep(100);
  const to = now();
  await setOnline(cpu, true);
  await s.usable(cpu, true);
  return { from, to };
}

async function byMask(s, cpu) {
  const before = s.padata.cpumask.parallel;
  s.padata.setCpumask('parallel', before.andNot([cpu]));
  const from = now();
  await sleep(100);
  const to = now();
  s.padata.setCpumask('parallel', before);
  return { from, to };
}

scenario('begin-outside', async (make) => {
  const s = make();
  const notes = beginnings();
  const rest = keepBusy(s, nativeFunction(notes.fn));
  const cpus = removableCpus();
  const rounds = s.rounds ?? 30;
  const counts = { onIt: 0, meanwhile: 0 };
  for (let round = 0; round < rounds; round++) {
    const cpu = cpus[s.random(cpus.length)];
    const way = round % 3 === 2 ? byMask : byHotplug;
    const { from, to } = await way(s, cpu);
    await sleep(50);
    for (const note of takeNotes(notes)) {
      const isOnCpu = note.cpu === cpu || note.runningCpu === cpu;
      const isMeanwhile = note.ns > from && note.ns < to;
      if (isOnCpu && isMeanwhile)
        throw new Error(`${way.name}: parallel() began on CPU ${cpu} outside the usable mask`);
      if (isMeanwhile) counts.meanwhile++;
      else if (isOnCpu) counts.onIt++;
    }
  }
  rest();
  await s.settled();
  if (counts.meanwhile === 0) throw new Error('no job began on the other CPUs meanwhile');
  if (counts.onIt === 0) throw new Error('no job began on these CPUs before and after: nothing is shown');
  return `a CPU was outside ${rounds} times, ${counts.meanwhile} jobs began on the others meanwhile, ${counts.onIt} on it before and after`;
});
