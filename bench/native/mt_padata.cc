// A multithreaded job of padata, the calling thread taking part: see mt_work.h.
#include <sched.h>

#include "core/cpu_sources.h"
#include "core/instance.h"
#include "mt_work.h"

namespace {

padata::NativeFunction *Accept(padata::Environment &environment, const padata_bench::MtWork &work) {
  padata_function description = work.function;
  description.struct_size = sizeof(description);
  description.abi_major = PADATA_ABI_MAJOR;
  description.abi_minor = PADATA_ABI_MINOR;
  description.kind = PADATA_KIND_RANGE;
  description.name = "work";
  return environment.AddFunction(description);
}

// The smallest chunk, and so many workers that it is the chunk size; threads there are as many as CPUs.
padata::MtDescription Describe(const padata_bench::MtWork &work, const padata::NativeFunction *function) {
  padata::MtDescription job;
  job.request = {.start = 0, .size = work.units, .min_chunk = work.chunk};
  job.request.max_threads = work.is_empty ? padata_bench::kThreads : work.units / work.chunk;
  job.function = function;
  job.parts = work.parts;
  job.has_caller = true;
  job.starter_cpu = sched_getcpu();
  return job;
}

}  // namespace

int main(int argc, char **argv) {
  const padata_bench::MtWork work = padata_bench::WorkFrom(argc, argv);
  const padata::CpuSources sources;
  const padata::CpuMask cpus = {sources.Available().Nth(0), sources.Available().Nth(1)};
  const padata::RefPtr<padata::Environment> environment(new padata::Environment([](void *) {}, nullptr));
  padata::RefPtr<padata::Instance> instance;
  if (padata::Instance::Create(*environment, "bench", {cpus, cpus}, sources, &instance) != 0) {
    fprintf(stderr, "mt_padata: no thread could be started\n");
    return 1;
  }
  const padata::NativeFunction *const function = Accept(*environment, work);
  padata_bench::Measure(work, [&] {
    const auto job = instance->StartMt(Describe(work, function));
    instance->TakePart(*job, ~uint64_t{0});
  });
  instance->Close();
  return 0;
}
