#ifndef PADATA_CORE_CLOCK_H_
#define PADATA_CORE_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace padata {

// Nanoseconds of CLOCK_MONOTONIC. Any thread; about 20 ns.
inline uint64_t MonotonicNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Milliseconds since the epoch.
inline int64_t WallClockMs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace padata

#endif  // PADATA_CORE_CLOCK_H_
