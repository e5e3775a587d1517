// Calls the functions of one job, and takes what it came to.
#ifndef PADATA_CORE_JOB_RUNNER_H_
#define PADATA_CORE_JOB_RUNNER_H_

#include <cstdint>
#include <span>

#include "core/job.h"

namespace padata {

class Instance;

// Parallel thread on `cpu`. Calls parallel(). Afterwards the job is done, or it is outstanding and DoSerial() will complete it. The
// caller reorders the shell.
void RunParallel(Instance& instance, Job* job, int cpu);

// Serial thread on `cpu`. Calls native serial().
void RunSerial(Job* job, int cpu);

// Any thread that has claimed `job`, instead of RunParallel(): it is done, with a negative errno.
void Cancel(Job* job, int32_t status);

// Any thread that has claimed `job`: the same, and gives it its turn.
void CompleteWith(Job* job, int32_t status);

// Whoever completes `job` and has written what it came to.
void MarkDone(Job* job);

class Environment;
// Isolate that completes `job`: writes the bytes of its result, into the room that the job has, or into memory of their own. False
// without memory.
bool StoreModuleBytes(Job* job, std::span<const uint8_t> bytes, Environment& environment);

// Any thread: do_serial() of the C ABI, see padata.h.
int32_t DoSerial(padata_ticket ticket, int32_t status, const padata_result* result);

}  // namespace padata

#endif  // PADATA_CORE_JOB_RUNNER_H_
