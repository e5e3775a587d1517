/** The last CPU of a mask goes: the instance is invalid, and keeps what it has; the CPU comes back, and all goes on by itself. */
const { noop, spin } = require('padata/functions');
const { removableCpus, setOnline } = require('../support/machine.cjs');
const { scenario, Times } = require('../support/scenario.cjs');

/** More work than the CPU can do before it is gone. */
function backlog(shell, jobs) {
  const order = [];
  for (let i = 0; i < jobs; i++) {
    shell.doParallel({ parallel: spin(5_000_000), serial: (job) => order.push(job.error ?? i) });
  }
  return order;
}

function refusal(shell) {
  try {
    shell.doParallel({ parallel: noop, serial() {} });
    return 'none';
  } catch (error) {
    return error.code;
  }
}

/** How many jobs wait once those that had begun have ended. If jobs go on to run, that is never, or none. */
async function quiet(s, shell) {
  let [waiting, since] = [shell.pending, performance.now()];
  await s.until('no job runs', () => {
    if (shell.pending !== waiting) [waiting, since] = [shell.pending, performance.now()];
    return performance.now() - since > 300;
  });
  return waiting;
}

async function lose(s, shell, cpu, type, times) {
  const order = type === 'parallel' ? backlog(shell, 500) : [];
  let isTold = false;
  s.padata.once('invalid', () => {
    isTold = true;
  });
  await setOnline(cpu, false);
  times.add(await s.until(`'invalid' without CPU ${cpu}`, () => isTold && s.padata.state === 'invalid'));
  if (refusal(shell) !== 'EINVAL') throw new Error(`doParallel is refused with ${refusal(shell)}`);
  const waiting = await quiet(s, shell);
  if (type === 'parallel' && waiting === 0) throw new Error('no job is left waiting: the backlog is too small');
  return { order, waiting };
}

scenario('last-cpu', async (make) => {
  const s = make();
  const cpu = removableCpus().at(-1);
  const shell = s.padata.createShell();
  const [lost, back] = [new Times(), new Times()];
  let kept = 0;
  for (const type of ['parallel', 'serial', 'parallel']) {
    s.padata.setCpumask(type, [cpu]);
    await s.settled();
    const { order, waiting } = await lose(s, shell, cpu, type, lost);
    kept += waiting;
    await setOnline(cpu, true);
    back.add(await s.until(`running with CPU ${cpu}`, () => s.padata.state === 'running'));
    await shell.drain();
    if (order.some((entry, i) => entry !== i)) throw new Error(`order was lost: ${order}`);
    await s.settled();
    s.padata.setCpumask(type, s.padata.cpumask[type === 'parallel' ? 'serial' : 'parallel']);
  }
  if (s.load.refused === 0) throw new Error('the load was never refused');
  return `invalid after ${lost}, running after ${back}, ${kept} jobs kept meanwhile`;
});
