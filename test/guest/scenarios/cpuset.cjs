/** A cgroup v2 cpuset is shrunk and grown under the process, and CPUs in it go off and on. No event tells of the former. */
const { Cpuset, possibleCpus, removableCpus, setOnline } = require('../support/machine.cjs');
const { scenario, Times } = require('../support/scenario.cjs');
const { CpuMask } = require('padata');

scenario('cpuset', async (make) => {
  const all = possibleCpus().toList();
  const last = removableCpus().at(-1);
  const cpuset = new Cpuset(all);
  const s = make({ checkMs: 1000 });
  const [noticed, flapped] = [new Times(), new Times()];
  for (const list of ['0-1', all, String(last), `0,${last}`, '0', all]) {
    cpuset.set(list);
    const isSo = () => s.padata.usable.parallel.equals(CpuMask.parseList(list)) || s.padata.usable.parallel.toList();
    noticed.add(await s.until(`usable is ${list}`, isSo));
    await s.settled();
  }
  for (let i = 0; i < 5; i++) {
    await setOnline(last, false);
    flapped.add(await s.settled());
    await setOnline(last, true);
    flapped.add(await s.settled());
  }
  cpuset.leave();
  await s.settled();
  return `6 changes noticed after ${noticed}, pinned again after an off or on in the cpuset after ${flapped}`;
});
