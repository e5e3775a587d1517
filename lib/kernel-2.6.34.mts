export type { padata_instance, padata_priv, Workqueue, workqueue_struct } from './kernel-2.6.34.js';
export {
  alloc_workqueue,
  destroy_workqueue,
  EAGAIN,
  EBUSY,
  EINPROGRESS,
  EINVAL,
  ENOMEM,
  padata_add_cpu,
  padata_alloc,
  padata_do_parallel,
  padata_do_serial,
  padata_free,
  padata_remove_cpu,
  padata_set_cpumask,
  padata_start,
  padata_stop,
} from './kernel-2.6.34.js';
