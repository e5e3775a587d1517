/**
 * The API of "The padata parallel execution mechanism", May 2020 (here: 2020), name for name: for those who know padata, or hold that document in
 * hand. A thin layer over the classes of `padata`; an instance here is a `Padata`, a shell a `Shell`.
 *
 * Functions return 0 or a negative errno, or null where the kernel returns NULL, and do not throw; also those that are void in the kernel
 * return a status, which may be ignored. `NODE_DEBUG=padata` shows why something was refused. What the caller's own code throws, say a
 * getter of a job, is thrown on.
 *
 * ```ts
 * import { PADATA_CPU_PARALLEL, padata_alloc, padata_alloc_shell, padata_do_parallel, padata_set_cpumask } from 'padata/kernel';
 * import { crc32 } from 'padata/functions';
 *
 * const pinst = padata_alloc('checksums')!;
 * const ps = padata_alloc_shell(pinst)!;
 * padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, '0-3');
 * const cb_cpu = { value: 0 };
 * const request = { parallel: crc32, serial: (padata) => console.log(padata.result), data: Buffer.from('123456789'), result: 0 };
 * if (padata_do_parallel(ps, request, cb_cpu) === 0) console.log(`serial() on CPU ${cb_cpu.value}`);
 * ```
 *
 * `docs/conformance.md` maps each sentence of the document to its test, or says why user space differs.
 *
 * @module kernel
 */
export {
  type CbCpu,
  PADATA_CPU_PARALLEL,
  PADATA_CPU_SERIAL,
  padata_alloc,
  padata_alloc_shell,
  padata_do_parallel,
  padata_do_serial,
  padata_free,
  padata_free_shell,
  type padata_instance,
  type padata_priv,
  padata_set_cpumask,
  type padata_shell,
  padata_start,
  padata_stop,
} from './kernel/api-2020.js';
export { padata_do_multithreaded, type padata_mt_job } from './kernel/mt-job.js';
export { EAGAIN, EBUSY, EINVAL, ENOMEM } from './kernel/refusal.js';
