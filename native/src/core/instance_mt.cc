// What an instance does for multithreaded jobs.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/clock.h"
#include "core/instance.h"
#include "core/parallel_thread.h"

namespace padata {

RefPtr<MtJob> Instance::StartMt(MtDescription description) {
  description.threads = usable_count_.load(std::memory_order_relaxed);
  RefPtr<MtJob> job(new MtJob(std::move(description)));
  {
    MutexLock lock(mutex_);  // no change of the masks is missed
    mt_.Add(job, usable_.parallel);
  }
  CallHelpers();
  return job;
}

bool Instance::TakePart(MtJob& job, uint64_t timeout_ns) {
  const uint64_t begin = MonotonicNs();
  const auto passed = [begin] { return MonotonicNs() - begin; };
  if (job.is_caller_in()) {
    const MtSeat seat = job.SeatOf(job.description().starter_cpu);
    while (job.RunChunk(seat)) {
      if (passed() >= timeout_ns) return false;
    }
    job.TakeCallerOut();
    mt_.Leave(job);
  }
  return job.AwaitDone(timeout_ns - std::min(timeout_ns, passed()));
}

void Instance::StopMt(MtJob& job) {
  job.Stop();
  mt_.Settle(job);
}

void Instance::CallHelpers() {
  const MtQueue::Wanted wanted = mt_.Helpers();
  uint64_t count = std::min<uint64_t>(wanted.count, kHelpersToWake);
  for (const bool exists : {true, false}) {
    for (int cpu : wanted.cpus) {
      if (count == 0) return;
      if ((ParallelThread::On(cpu) != nullptr) == exists && ParallelThread::Wake(cpu)) --count;
    }
  }
}

}  // namespace padata
