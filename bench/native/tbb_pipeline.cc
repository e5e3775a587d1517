// oneTBB's nearest thing to a shell: parallel_pipeline with serial_in_order input, a parallel filter, and serial_in_order output,
// with tokens that do nothing. Prints one JSON line.
//
//   tbb_pipeline JOBS WORK_NS TOKENS     on all CPUs that the process may use
#ifdef PADATA_HAVE_TBB
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "work.h"

namespace {

namespace tbb = oneapi::tbb;
using padata_bench::Spin;

// Runs `jobs` tokens through the three stages and returns how many came out in their turn.
uint64_t RunPipeline(uint64_t jobs, size_t tokens, uint64_t work_ns) {
  uint64_t submitted = 0;
  uint64_t in_order = 0;
  const auto input = [&](tbb::flow_control &control) -> uint64_t {
    if (submitted == jobs) {
      control.stop();
      return 0;
    }
    return submitted++;
  };
  const auto parallel = [work_ns](uint64_t seq_nr) {
    if (work_ns != 0) Spin(work_ns);
    return seq_nr;
  };
  const auto serial = [&in_order](uint64_t seq_nr) { in_order += seq_nr == in_order ? 1 : 0; };
  tbb::parallel_pipeline(tokens, tbb::make_filter<void, uint64_t>(tbb::filter_mode::serial_in_order, input) &
                                     tbb::make_filter<uint64_t, uint64_t>(tbb::filter_mode::parallel, parallel) &
                                     tbb::make_filter<uint64_t, void>(tbb::filter_mode::serial_in_order, serial));
  return in_order;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: tbb_pipeline JOBS WORK_NS TOKENS\n");
    return 2;
  }
  const uint64_t jobs = strtoull(argv[1], nullptr, 10);
  const uint64_t work_ns = strtoull(argv[2], nullptr, 10);
  const size_t tokens = strtoul(argv[3], nullptr, 10);
  RunPipeline(jobs / 10 + 1, tokens, work_ns);  // warm-up: starts the threads
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t in_order = RunPipeline(jobs, tokens, work_ns);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  if (in_order != jobs) {
    fprintf(stderr, "tbb_pipeline: %ju of %ju jobs came in order\n", in_order, jobs);
    return 1;
  }
  printf("{\"contender\":\"oneTBB\",\"threads\":%d,\"tokens\":%zu,\"workNs\":%ju,\"jobsPerSecond\":%.0f}\n",
         tbb::this_task_arena::max_concurrency(), tokens, work_ns, static_cast<double>(jobs) / elapsed.count());
  return 0;
}
#else
#include <cstdio>

int main() {
  puts("{\"leftOut\":\"built without oneTBB: install libtbb-dev and build again\"}");
  return 0;
}
#endif
