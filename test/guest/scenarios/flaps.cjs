/** Random CPUs go off and come on again, 200 times, many at once, some of them quicker than anybody can follow. */
const { removableCpus, setOnline } = require('../support/machine.cjs');
const { scenario, sleep, Times } = require('../support/scenario.cjs');

/** Off or on, whichever it is not; now and then it waits, and takes the time until that is noticed. */
async function flip(s, cpu, offline, times) {
  const isBack = offline.has(cpu);
  await setOnline(cpu, isBack);
  if (isBack) offline.delete(cpu);
  else offline.add(cpu);
  if (s.random(4) === 0) times.add(await s.usable(cpu, isBack));
  else if (s.random(2) === 0) await sleep(s.random(60));
}

scenario('flaps', async (make) => {
  const s = make();
  const cpus = removableCpus();
  const flaps = s.rounds ?? 200;
  const offline = new Set();
  const [noticed, settled] = [new Times(), new Times()];
  for (let flap = 0; flap < flaps; ) {
    const cpu = cpus[s.random(cpus.length)];
    await flip(s, cpu, offline, noticed);
    if (offline.has(cpu) && ++flap % 50 === 0) settled.add(await s.settled());
  }
  for (const cpu of offline) await setOnline(cpu, true);
  settled.add(await s.settled());
  return `${flaps} flaps of CPUs ${cpus.join()} (seed ${s.seed}), noticed after ${noticed}, pinned after ${settled}`;
});
