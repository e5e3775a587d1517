// OpenMP's nearest thing to a shell: a parallel loop whose ordered region runs in the order of the iterations. Prints one JSON line.
//
//   openmp_ordered JOBS WORK_NS CHUNK     on all CPUs that the process may use, CHUNK iterations for a thread at a time
#ifdef _OPENMP
#include <omp.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "work.h"

namespace {

// Runs `jobs` iterations and returns how many came in their turn.
uint64_t RunLoop(uint64_t jobs, int chunk, uint64_t work_ns) {
  uint64_t in_order = 0;
#pragma omp parallel for ordered schedule(dynamic, chunk)
  for (uint64_t i = 0; i < jobs; i++) {
    if (work_ns != 0) padata_bench::Spin(work_ns);
#pragma omp ordered
    in_order += i == in_order ? 1 : 0;
  }
  return in_order;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: openmp_ordered JOBS WORK_NS CHUNK\n");
    return 2;
  }
  const uint64_t jobs = strtoull(argv[1], nullptr, 10);
  const uint64_t work_ns = strtoull(argv[2], nullptr, 10);
  const int chunk = static_cast<int>(strtoul(argv[3], nullptr, 10));
  RunLoop(jobs / 10 + 1, chunk, work_ns);  // warm-up: starts the threads
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t in_order = RunLoop(jobs, chunk, work_ns);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  if (in_order != jobs) {
    fprintf(stderr, "openmp_ordered: %ju of %ju jobs came in order\n", in_order, jobs);
    return 1;
  }
  printf("{\"contender\":\"OpenMP\",\"threads\":%d,\"chunk\":%d,\"workNs\":%ju,\"jobsPerSecond\":%.0f}\n",
         omp_get_max_threads(), chunk, work_ns, static_cast<double>(jobs) / elapsed.count());
  return 0;
}
#else
#include <cstdio>

int main() {
  puts("{\"leftOut\":\"the compiler has no OpenMP\"}");
  return 0;
}
#endif
