// Multithreaded jobs of padata, OpenMP and oneTBB, by 2 threads, in one process and by turns, so that a slow moment of the machine hits all alike.
//
//   mt_turns WORK CHUNK    WORK: sum, histogram, translate: over 256 MiB, in chunks of CHUNK bytes
//   mt_turns empty 1       eight chunks in which nothing is done, for 2 threads; whoever is there first may do them all
//   mt_turns meet 1        the same, but nobody goes on before both threads are there; oneTBB cannot promise two
//
// Prints one JSON line: jobs per second of the median job, for each contender that was built in.
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/cpu_sources.h"
#include "core/instance.h"
#include "mt_work.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef PADATA_HAVE_TBB
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#endif

namespace {

using padata_bench::kThreads;
using padata_bench::MtWork;
using Clock = std::chrono::steady_clock;

struct Contender {
  std::string name;
  std::function<void()> job;  // does the whole range once
  std::vector<double> seconds{};
};

// The calling thread takes part.
class Padata {
 public:
  explicit Padata(const MtWork &work) : work_(work) {
    const padata::CpuMask cpus = {sources_.Available().Nth(0), sources_.Available().Nth(1)};
    if (padata::Instance::Create(*environment_, "bench", {cpus, cpus}, sources_, &instance_) != 0) {
      fprintf(stderr, "mt_turns: no thread could be started\n");
      exit(1);
    }
    function_ = Accept();
  }
  ~Padata() { instance_->Close(); }
  Padata(const Padata &) = delete;
  Padata &operator=(const Padata &) = delete;

  void Run() {
    const auto job = instance_->StartMt(Describe());
    instance_->TakePart(*job, ~uint64_t{0});
  }

 private:
  padata::NativeFunction *Accept() {
    padata_function description = work_.function;
    description.struct_size = sizeof(description);
    description.abi_major = PADATA_ABI_MAJOR;
    description.abi_minor = PADATA_ABI_MINOR;
    description.kind = PADATA_KIND_RANGE;
    description.name = "work";
    return environment_->AddFunction(description);
  }

  // The smallest chunk, and so many workers that it is the chunk size; threads there are as many as CPUs.
  padata::MtDescription Describe() const {
    padata::MtDescription job;
    job.request = {.start = 0, .size = work_.units, .min_chunk = work_.chunk};
    job.request.max_threads = work_.is_empty ? kThreads : work_.units / work_.chunk;
    job.function = function_;
    job.parts = work_.parts;
    job.has_caller = true;
    job.starter_cpu = sched_getcpu();
    return job;
  }

  const MtWork &work_;
  const padata::CpuSources sources_;
  const padata::RefPtr<padata::Environment> environment_{new padata::Environment([](void *) {}, nullptr)};
  padata::RefPtr<padata::Instance> instance_;
  padata::NativeFunction *function_ = nullptr;
};

#ifdef _OPENMP
void RunOpenMp(MtWork &work, omp_sched_t schedule) {
  omp_set_schedule(schedule, schedule == omp_sched_dynamic ? 1 : 0);
  const auto chunks = static_cast<int64_t>((work.units + work.chunk - 1) / work.chunk);
#pragma omp parallel for num_threads(kThreads) schedule(runtime)
  for (int64_t i = 0; i < chunks; ++i) {
    const uint64_t start = static_cast<uint64_t>(i) * work.chunk;
    work.Run(start, std::min(start + work.chunk, work.units));
  }
}
#endif

#ifdef PADATA_HAVE_TBB
// The simple partitioner splits down to chunks; the automatic one makes chunks of its own size, `chunk` at least.
template <typename Partitioner>
void RunTbb(MtWork &work, const Partitioner &partitioner) {
  static const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, kThreads);
  const auto body = [&](const tbb::blocked_range<uint64_t> &range) { work.Run(range.begin(), range.end()); };
  tbb::parallel_for(tbb::blocked_range<uint64_t>(0, work.units, work.chunk), body, partitioner);
}
#endif

std::vector<Contender> AllFor(MtWork &work, Padata &padata) {
  std::vector<Contender> all = {{"padata", [&] { padata.Run(); }}};
#ifdef _OPENMP
  all.push_back({"openMpStatic", [&] { RunOpenMp(work, omp_sched_static); }});
  all.push_back({"openMpDynamic", [&] { RunOpenMp(work, omp_sched_dynamic); }});
#endif
#ifdef PADATA_HAVE_TBB
  if (work.name == "meet") return all;
  all.push_back({"oneTbb", [&] { RunTbb(work, tbb::simple_partitioner()); }});
  all.push_back({"oneTbbAuto", [&] { RunTbb(work, tbb::auto_partitioner()); }});
#endif
  return all;
}

// So many jobs one behind the other; threads of whoever was there before have gone to sleep.
void TakeTurn(Contender &contender, int jobs, bool counts) {
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  for (int i = 0; i < jobs; ++i) {
    padata_bench::arrived = 0;
    const auto begin = Clock::now();
    contender.job();
    if (counts) contender.seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
}

double JobsPerSecond(std::vector<double> seconds) {
  std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
  return 1 / seconds[seconds.size() / 2];
}

}  // namespace

int main(int argc, char **argv) {
  MtWork work = padata_bench::WorkFrom(argc, argv);
  Padata padata(work);
  std::vector<Contender> all = AllFor(work, padata);
  const int turns = work.is_empty ? 20 : 25;
  const int jobs = work.is_empty ? 1000 : 1;
  for (int turn = -1; turn < turns; ++turn) {
    for (Contender &contender : all) TakeTurn(contender, jobs, turn >= 0);
  }
  const char *separator = "{";
  for (Contender &contender : all) {
    printf("%s\"%s\":%.3f", separator, contender.name.c_str(), JobsPerSecond(contender.seconds));
    separator = ",";
  }
  printf("}\n");
  return 0;
}
