/**
 * The API of the first document on padata, "Last updated for 2.6.34", name for name: for those who know padata, or hold that document in
 * hand. A thin layer over the classes of `padata`.
 *
 * Functions return what the document says, 0 or a negative errno, or null where the kernel returns NULL, and do not throw; also those that are
 * void in the kernel return a status, which may be ignored. The one exception is `padata_free`. `NODE_DEBUG=padata` shows why something was
 * refused. What the caller's own code throws, say a getter of a task, is thrown on.
 *
 * ```ts
 * import { alloc_workqueue, EINPROGRESS, padata_alloc, padata_do_parallel, padata_free, padata_start } from 'padata/kernel/2.6.34';
 * import { crc32 } from 'padata/functions';
 *
 * const wq = alloc_workqueue('checksums')!;
 * const pinst = padata_alloc(wq.cpus, wq)!;
 * padata_start(pinst);
 * const task = { parallel: crc32, serial: (padata) => console.log(padata.result), data: Buffer.from('123456789'), result: 0 };
 * if (padata_do_parallel(pinst, task, wq.cpus.first()!) !== -EINPROGRESS) throw new Error('refused');
 * padata_free(pinst); // waits until the task is done
 * ```
 *
 * The document has no headings; its rules are cited by paragraph, counted over its prose from 1, without its title and its code.
 * `docs/conformance.md` maps each sentence to its test, or says why user space differs.
 *
 * @module kernel/2.6.34
 */
export {
  padata_add_cpu,
  padata_alloc,
  padata_do_parallel,
  padata_do_serial,
  padata_free,
  type padata_instance,
  type padata_priv,
  padata_remove_cpu,
  padata_set_cpumask,
  padata_start,
  padata_stop,
  type workqueue_struct,
} from './kernel/api-2.6.34.js';
export { EAGAIN, EBUSY, EINPROGRESS, EINVAL, ENOMEM } from './kernel/refusal.js';
export { alloc_workqueue, destroy_workqueue, type Workqueue } from './kernel/workqueue.js';
