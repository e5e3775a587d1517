// The core's code for jobs that do nothing, driven by one thread alone: submit, claim, run, reorder, deliver. It is what callgrind counts
// (bench/instructions.mjs). The pinned thread sleeps all the time, for somebody else attends to the queue: so nothing spins, nothing is
// woken, and the number of instructions does not depend on the machine or on what else runs on it.
//
//   instructions JOBS     prints how many came in order; callgrind is to collect in DriveJobs() only
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/cpu_sources.h"
#include "core/instance.h"
#include "core/parallel_thread.h"
#include "support/loop.h"

namespace padata {

// A parallel thread without a thread: its batches are run by whoever calls RunBatch(). The size of a batch is given, and not measured.
class ParallelThreadDrive {
 public:
  ParallelThreadDrive(Instance &instance, int cpu) : instance_(instance), thread_(cpu) { instance_.Attend(); }
  ~ParallelThreadDrive() { instance_.Unattend(); }
  ParallelThreadDrive(const ParallelThreadDrive &) = delete;
  ParallelThreadDrive &operator=(const ParallelThreadDrive &) = delete;

  bool RunBatch() {
    thread_.count_ = instance_.Claim(thread_.cpu_, thread_.batch_).count;
    if (thread_.count_ == 0) return false;
    thread_.RunJobs(instance_);
    return true;
  }

 private:
  Instance &instance_;
  ParallelThread thread_;
};

}  // namespace padata

namespace {

using padata::test::Loop;
using padata::test::Port;

constexpr uint64_t kInFlight = 1024;

int32_t Nothing(padata_call *, void *) { return 0; }

padata::NativeFunction *AcceptNothing(Loop &loop) {
  padata_function description{};
  description.struct_size = sizeof(description);
  description.abi_major = PADATA_ABI_MAJOR;
  description.abi_minor = PADATA_ABI_MINOR;
  description.kind = PADATA_KIND_JOB;
  description.job = Nothing;
  description.name = "nothing";
  return loop.environment().AddFunction(description);
}

// What is counted. Each job that is delivered submits the next one, as in core_bench.
extern "C" __attribute__((noinline)) void DriveJobs(Loop *loop, Port *port, padata::ParallelThreadDrive *thread,
                                                    padata::NativeFunction *nothing, uint64_t jobs) {
  const uint64_t end = port->delivered() + jobs;
  while (port->submitted() < std::min(end, port->delivered() + kInFlight)) {
    port->Submit({.parallel = nothing, .info = port->submitted()});
  }
  while (port->delivered() < end) {
    while (thread->RunBatch()) {
    }
    loop->Drain();
  }
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: instructions JOBS\n");
    return 2;
  }
  const uint64_t jobs = strtoull(argv[1], nullptr, 10);
  const padata::CpuSources sources;
  constexpr int kNever = 3'600'000;  // the watcher is not to be counted
  Loop loop;
  padata::RefPtr<padata::Instance> instance;
  if (padata::Instance::Create(loop.environment(), "instructions", {sources.Possible(), sources.Possible()}, sources,
                               &instance, kNever) != 0) {
    fprintf(stderr, "instructions: no thread could be started\n");
    return 1;
  }
  padata::NativeFunction *const nothing = AcceptNothing(loop);
  uint64_t in_order = 0;
  {
    padata::ParallelThreadDrive thread(*instance, sources.Allowed().First());
    Port *shell = nullptr;
    Port port(loop, *instance, [&](const padata::Job &, uint64_t info) {
      if (info == in_order) ++in_order;
      if (shell->submitted() < jobs) shell->Submit({.parallel = nothing, .info = shell->submitted()});
    });
    shell = &port;
    DriveJobs(&loop, &port, &thread, nothing, jobs);
  }
  instance->Close();
  printf("%ju\n", in_order);
  return in_order == jobs ? 0 : 1;
}
