/** CPUs are plugged in while jobs run (QEMU's device_add), and put online: they get threads, and jobs. */
const { hotAdd, Monitor, padataThreads, setOnline } = require('../support/machine.cjs');
const { scenario, Times } = require('../support/scenario.cjs');

const jobsOn = (s, cpu) => s.padata.stats().cpus.find((entry) => entry.cpu === cpu)?.jobs ?? 0;

scenario('hot-add', async (make) => {
  const monitor = new Monitor();
  await monitor.execute('qmp_capabilities');
  const s = make();
  const times = new Times();
  const added = [];
  await s.settled();
  for (let i = 0; i < 2; i++) {
    const cpu = await hotAdd(monitor);
    added.push(cpu);
    await s.settled(); // present, and not usable: it is offline
    await setOnline(cpu, true);
    times.add(await s.usable(cpu, true));
    await s.settled();
    await s.until(`jobs run on CPU ${cpu}`, () => jobsOn(s, cpu) > 0, 10_000);
    const thread = padataThreads().find((found) => found.kind === 'p' && found.cpu === cpu);
    if (thread?.allowed !== String(cpu)) throw new Error(`padata/p${cpu} may run on ${thread?.allowed}`);
  }
  return `CPUs ${added.join()} plugged in, used after ${times}`;
});
