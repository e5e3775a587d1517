// The baseline that any parallel code has to beat: one thread that does the jobs one after the other. Prints one JSON line.
//
//   plain_loop JOBS WORK_NS
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "work.h"

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: plain_loop JOBS WORK_NS\n");
    return 2;
  }
  const uint64_t jobs = strtoull(argv[1], nullptr, 10);
  const uint64_t work_ns = strtoull(argv[2], nullptr, 10);
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < jobs; i++) padata_bench::Spin(work_ns);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  printf("{\"contender\":\"plain loop\",\"workNs\":%ju,\"jobsPerSecond\":%.0f}\n", work_ns,
         static_cast<double>(jobs) / elapsed.count());
  return 0;
}
