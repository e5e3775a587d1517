export type { CbCpu, padata_instance, padata_mt_job, padata_priv, padata_shell } from './kernel.js';
export {
  EAGAIN,
  EBUSY,
  EINVAL,
  ENOMEM,
  PADATA_CPU_PARALLEL,
  PADATA_CPU_SERIAL,
  padata_alloc,
  padata_alloc_shell,
  padata_do_multithreaded,
  padata_do_parallel,
  padata_do_serial,
  padata_free,
  padata_free_shell,
  padata_set_cpumask,
  padata_start,
  padata_stop,
} from './kernel.js';
