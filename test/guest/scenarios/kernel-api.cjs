/** Both kernel APIs while the CPU that they were told to use goes offline, by real hotplug, and comes back. */
const { noop } = require('padata/functions');
const kernel = require('padata/kernel');
const first = require('padata/kernel/2.6.34');
const { removableCpus, setOnline } = require('../support/machine.cjs');
const { scenario, Times } = require('../support/scenario.cjs');

function expect(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what} is ${got}, not ${wanted}`);
}

/** An instance of each API on one CPU, and how a job is submitted to it: 0 if it was accepted, or else what was returned. */
function make(cpu) {
  const pinst = kernel.padata_alloc('kernel-api');
  const ps = kernel.padata_alloc_shell(pinst);
  const wq = first.alloc_workqueue('kernel-api');
  const old = first.padata_alloc([cpu], wq);
  first.padata_start(old);
  let calls = 0;
  const job = { parallel: noop, serial: () => calls++ };
  const named = (status) => (status === -first.EINPROGRESS ? 0 : status || 'not started');
  const submit = () => [
    kernel.padata_do_parallel(ps, job, { value: cpu }),
    named(first.padata_do_parallel(old, job, cpu)),
  ];
  for (const type of [kernel.PADATA_CPU_PARALLEL, kernel.PADATA_CPU_SERIAL]) {
    expect('padata_set_cpumask', kernel.padata_set_cpumask(pinst, type, [cpu]), 0);
  }
  return { pinst, ps, old, wq, submit, calls: () => calls };
}

/** Waits until both accept jobs (0), or refuse them with -EINVAL. While the masks are being changed that is -EBUSY. */
async function both(s, apis, wanted) {
  let accepted = 0;
  const ms = await s.until(`both return ${wanted}`, () => {
    const results = apis.submit();
    accepted += results.filter((result) => result === 0).length;
    return results.every((result) => result === wanted) || results.join();
  });
  return { ms, accepted };
}

scenario('kernel-api', async (makeScenario) => {
  const s = makeScenario();
  const cpu = removableCpus().at(-1);
  const apis = make(cpu);
  const [gone, back] = [new Times(), new Times()];
  let accepted = 0;
  for (let round = 0; round < 5; round++) {
    await setOnline(cpu, false);
    const off = await both(s, apis, -kernel.EINVAL);
    gone.add(off.ms);
    expect('a mask with an offline CPU', first.padata_set_cpumask(apis.old, [cpu]), 0);
    expect('adding an online CPU', first.padata_add_cpu(apis.old, 0), 0);
    expect(
      'submission to it',
      first.padata_do_parallel(apis.old, { parallel: noop, serial() {} }, 0),
      -first.EINPROGRESS,
    );
    expect('removing it', first.padata_remove_cpu(apis.old, 0), 0);
    await setOnline(cpu, true);
    const on = await both(s, apis, 0);
    back.add(on.ms);
    accepted += off.accepted + on.accepted;
  }
  await apis.ps.drain();
  first.padata_free(apis.old);
  expect('serial() calls', apis.calls(), accepted);
  expect('freeing', [kernel.padata_free_shell(apis.ps), kernel.padata_free(apis.pinst)].join(), '0,0');
  expect('destroy_workqueue', first.destroy_workqueue(apis.wq), 0);
  return `-EINVAL after ${gone}, accepted again after ${back}, ${accepted} jobs`;
});
