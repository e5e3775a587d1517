// Range functions for tests of multithreaded jobs, and what they have seen.
#ifndef PADATA_TEST_SUPPORT_RANGES_H_
#define PADATA_TEST_SUPPORT_RANGES_H_

#include <sched.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <mutex>
#include <vector>

#include "core/check.h"
#include "core/instance.h"
#include "support/engine.h"

namespace padata::test {

inline constexpr uint64_t kForEver = std::numeric_limits<uint64_t>::max();

// A range function that keeps its calls. What `work` returns is its status.
class Ranges {
 public:
  struct Call {
    MtRange units;
    int cpu;
  };
  using WorkFunction = std::function<int32_t(const MtRange&)>;

  explicit Ranges(Loop& loop, WorkFunction work = nullptr) : work_(std::move(work)) {
    padata_function description = Describe(nullptr, this);
    description.kind = PADATA_KIND_RANGE;
    description.range = Run;
    PADATA_CHECK(NativeFunction::Refusal(description) == nullptr, "the test's description is wrong");
    function_ = loop.environment().AddFunction(description);
  }
  Ranges(const Ranges&) = delete;
  Ranges& operator=(const Ranges&) = delete;

  NativeFunction* function() const { return function_; }
  // In ascending order of their units.
  std::vector<Call> calls() const {
    std::vector<Call> sorted = log_.values();
    std::sort(sorted.begin(), sorted.end(), [](const Call& a, const Call& b) { return a.units.start < b.units.start; });
    return sorted;
  }
  // Whether the calls so far are exactly the chunks of a plan, each once.
  bool AreExactly(const MtPlan& plan) const {
    const std::vector<Call> all = calls();
    if (all.size() != plan.chunks()) return false;
    for (uint64_t i = 0; i < plan.chunks(); ++i) {
      if (all[i].units != plan.Chunk(i)) return false;
    }
    return true;
  }
  CpuMask cpus() const {
    CpuMask mask;
    for (const Call& call : log_.values()) mask.Set(call.cpu);
    return mask;
  }

 private:
  static int32_t Run(uint64_t start, uint64_t end, uint8_t*, size_t, void* ctx) {
    auto& self = *static_cast<Ranges*>(ctx);
    const MtRange units{start, end};
    self.log_.Add({units, sched_getcpu()});
    return self.work_ ? self.work_(units) : 0;
  }

  const WorkFunction work_;
  NativeFunction* function_;
  Log<Call> log_;
};

// Runs a job to its end: with a caller, or with the event loop asleep until it is told.
inline RefPtr<MtJob> RunMt(Engine& engine, MtDescription description) {
  RefPtr<MtJob> job = engine.instance().StartMt(std::move(description));
  if (job->description().has_caller) {
    PADATA_CHECK(engine.instance().TakePart(*job, kForEver), "it had all the time");
  } else {
    engine.loop().RunUntil([&] { return job->IsDone(); });
  }
  return job;
}

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_RANGES_H_
