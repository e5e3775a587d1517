// The native core alone: ordered jobs of one shell, submitted by an event loop in C++, run as parallel() on the pinned threads of
// all CPUs, and handed back to the event loop as serial(), which checks the order and submits the next. Prints one JSON line.
//
//   core_bench JOBS WORK_NS
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/cpu_sources.h"
#include "core/instance.h"
#include "support/loop.h"
#include "work.h"

namespace {

using padata::test::Loop;
using padata::test::Port;

// So many jobs keep the threads in work while the event loop delivers; more leave the caches.
constexpr uint64_t kInFlight = 2048;

int32_t Work(padata_call *, void *ctx) {
  const uint64_t work_ns = *static_cast<const uint64_t *>(ctx);
  if (work_ns != 0) padata_bench::Spin(work_ns);
  return 0;
}

padata::NativeFunction *AcceptWork(Loop &loop, uint64_t *work_ns) {
  padata_function description{};
  description.struct_size = sizeof(description);
  description.abi_major = PADATA_ABI_MAJOR;
  description.abi_minor = PADATA_ABI_MINOR;
  description.kind = PADATA_KIND_JOB;
  description.job = Work;
  description.ctx = work_ns;
  description.name = "work";
  return loop.environment().AddFunction(description);
}

// Runs `jobs` jobs through a shell and returns how many came in their turn.
uint64_t RunShell(Loop &loop, padata::Instance &instance, padata::NativeFunction *work, uint64_t jobs) {
  uint64_t submitted = 0;
  uint64_t serialized = 0;
  uint64_t in_order = 0;
  Port *shell = nullptr;
  const auto submit = [&] { shell->Submit({.parallel = work, .info = submitted++}); };
  Port port(loop, instance, [&](const padata::Job &, uint64_t info) {
    if (info == serialized++) ++in_order;
    if (submitted < jobs) submit();
  });
  shell = &port;
  while (submitted < jobs && submitted < kInFlight) submit();
  loop.RunUntil([&] { return port.pending() == 0; });
  return in_order;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: core_bench JOBS WORK_NS\n");
    return 2;
  }
  const uint64_t jobs = strtoull(argv[1], nullptr, 10);
  uint64_t work_ns = strtoull(argv[2], nullptr, 10);
  const padata::CpuSources sources;
  Loop loop;
  padata::RefPtr<padata::Instance> instance;
  if (padata::Instance::Create(loop.environment(), "bench", {sources.Possible(), sources.Possible()}, sources,
                               &instance) != 0) {
    fprintf(stderr, "core_bench: no thread could be started\n");
    return 1;
  }
  padata::NativeFunction *const work = AcceptWork(loop, &work_ns);
  RunShell(loop, *instance, work, jobs / 10 + 1);  // warm-up: starts the threads
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t in_order = RunShell(loop, *instance, work, jobs);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  instance->Close();
  if (in_order != jobs) {
    fprintf(stderr, "core_bench: %ju of %ju jobs came in order\n", in_order, jobs);
    return 1;
  }
  printf("{\"contender\":\"padata core\",\"inFlight\":%ju,\"workNs\":%ju,\"jobsPerSecond\":%.0f}\n", kInFlight, work_ns,
         static_cast<double>(jobs) / elapsed.count());
  return 0;
}
