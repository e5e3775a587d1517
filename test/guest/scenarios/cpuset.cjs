/** A cgroup v2 cpuset is shrunk and grown under the process, and CPUs in it go off and on. No event tells of the former. */
const { Cpuset, possibleCpus, removableCpus, setOnline } = require('../support/machine.cjs');
const { scenario, Times } = require('../support/scenario.cjs');
const { CpuMask } = require('padata');

/** The re-read, each second, and then some. */
const LIMIT_MS = 3000;

scenario('cpuset', async (make) => {
  const all = possibleCpus().toList();
  const last = removableCpus().at(-1);
  const cpuset = new Cpuset(all);
  const s = make();
  const [noticed, flapped] = [new Times(), new Times()];
  for (const list of ['0-1', all, String(last), `0,${last}`, '0', all]) {
    cpuset.set(list);
    const isSo = () => s.padata.usable.parallel.equals(CpuMask.parseList(list)) || s.padata.usable.parallel.toList();
    noticed.add(await s.until(`usable is ${list}`, isSo, LIMIT_MS));
    await s.settled(LIMIT_MS);
  }
  for (let i = 0; i < 5; i++) {
    await setOnline(last, false);
    flapped.add(await s.settled(LIMIT_MS));
    await setOnline(last, true);
    flapped.add(await s.settled(LIMIT_MS));
  }
  cpuset.leave();
  await s.settled(LIMIT_MS);
  return `6 changes noticed after ${noticed}, pinned again after an off or on in the cpuset after ${flapped}`;
});
