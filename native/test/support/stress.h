// What stress tests have in common: a seed that can be repeated, work of random length, and a watchdog.
#ifndef PADATA_TEST_SUPPORT_STRESS_H_
#define PADATA_TEST_SUPPORT_STRESS_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "support/scale.h"

namespace padata::test {

using Random = std::mt19937_64;

// The seed of this process: PADATA_SEED, or another one each time. Printed, so that a failure can be repeated.
inline uint64_t Seed() {
  static const uint64_t seed = [] {
    const char* const given = std::getenv("PADATA_SEED");
    const uint64_t chosen = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device()();
    std::printf("PADATA_SEED=%ju\n", static_cast<uintmax_t>(chosen));
    std::fflush(stdout);
    return chosen;
  }();
  return seed;
}

// A number that depends on the seed and `index` alone, whichever thread asks.
inline uint64_t Hash(uint64_t index) {
  uint64_t x = Seed() + (index + 1) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

inline void Work(uint64_t turns) {
  for (uint64_t i = 0; i < turns; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);  // keeps the loop
}

// Most jobs are short, a few are longer than a batch should be.
inline void RandomWork(uint64_t random) {
  if (random % 1024 == 0) {
    Work(random >> 10 & 0x7fff);
  } else if (random % 4 == 0) {
    Work(random >> 10 & 0xff);
  }
}

// A lost wake-up would be a test that hangs: this ends the process and says where it stood.
class Watchdog {
 public:
  // progress() may be called on any thread.
  explicit Watchdog(std::function<std::string()> progress) : progress_(std::move(progress)) {}
  ~Watchdog() {
    done_ = true;
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  static constexpr int kPatienceSeconds = 120;

  void Run() {
    std::string before;
    for (int quiet = 0; !done_; ++quiet) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      std::string now = progress_();
      if (now != before) quiet = 0;
      before = std::move(now);
      if (quiet < 10 * kPatienceSeconds) continue;
      std::fprintf(stderr, "no progress for %d s: %s\n", kPatienceSeconds, before.c_str());
      std::abort();
    }
  }

  const std::function<std::string()> progress_;
  std::atomic<bool> done_{false};
  std::thread thread_{[this] { Run(); }};
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_STRESS_H_
