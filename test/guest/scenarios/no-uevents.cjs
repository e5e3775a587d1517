/**
 * CPUs go off and come on, one at a time, where no uevent arrives: the slow re-read finds it. To be started by `unshare -Un`.
 * The pauses are longer than the watcher looks again by itself after a change.
 */
const { removableCpus, setOnline } = require('../support/machine.cjs');
const { scenario, sleep, Times } = require('../support/scenario.cjs');

/** A re-read each second cannot always come so soon; an event does. */
const SOON_MS = 50;

scenario('no-uevents', async (make) => {
  const s = make({ checkMs: 1000 });
  const cpus = removableCpus();
  const [came, settled] = [new Times(), new Times()];
  const rounds = s.rounds ?? 8;
  for (let round = 0; round < rounds; round++) {
    const cpu = cpus[s.random(cpus.length)];
    await sleep(600);
    await setOnline(cpu, false);
    settled.add(await s.settled());
    await sleep(600);
    await setOnline(cpu, true);
    came.add(await s.usable(cpu, true));
    settled.add(await s.settled());
  }
  if (came.most < SOON_MS) throw new Error(`noticed after ${came}: uevents do arrive here, and this shows nothing`);
  return `${rounds} flaps, coming noticed after ${came}, pinned after ${settled}`;
});
