// The work of one job: the same for every native contender.
#ifndef PADATA_BENCH_NATIVE_WORK_H_
#define PADATA_BENCH_NATIVE_WORK_H_

#include <chrono>
#include <cstdint>

namespace padata_bench {

// Keeps the CPU busy for that many nanoseconds of real time.
inline void Spin(uint64_t nanoseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(nanoseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace padata_bench

#endif  // PADATA_BENCH_NATIVE_WORK_H_
