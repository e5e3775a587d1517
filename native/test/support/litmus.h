// Litmus tests: two threads, each with a few instructions, very many times; then the outcomes are counted. A test lists those that
// are forbidden, and says what each of the others means.
#ifndef PADATA_TEST_SUPPORT_LITMUS_H_
#define PADATA_TEST_SUPPORT_LITMUS_H_

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <thread>

#include "core/sync.h"
#include "support/engine.h"
#include "support/scale.h"

namespace padata::test {

// How often each outcome was seen.
using Outcomes = std::map<std::string, uint64_t>;

inline void PinTo(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof(set), &set);
}

class Litmus {
 public:
  // Each round: first() here and second() on another CPU, at the same time; then outcome(), here, which also makes everything
  // ready for the next round. (What it returns is counted, if it is not empty.)
  template <typename First, typename Second, typename Outcome>
  static Outcomes Run(uint64_t rounds, First first, Second second, Outcome outcome) {
    Litmus meeting;
    Outcomes outcomes;
    std::thread other([&] {
      PinTo(SecondCpu());
      for (uint64_t round = 0; round < rounds; ++round) {
        meeting.Meet();
        second();
        meeting.Meet();
      }
    });
    std::thread here([&] {
      PinTo(FirstCpu());
      for (uint64_t round = 0; round < rounds; ++round) {
        meeting.Meet();
        Stagger(round % 1021);
        first();
        meeting.Meet();
        ++outcomes[outcome()];
      }
    });
    here.join();
    other.join();
    for (const auto& [name, count] : outcomes) std::printf("%12ju  %s\n", static_cast<uintmax_t>(count), name.c_str());
    return outcomes;
  }

 private:
  // This side comes last to a meeting, so it goes on first, by the time that a cache line takes: it waits about so long.
  static void Stagger(uint64_t turns) {
    for (uint64_t i = 0; i < turns; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
  }

  // Both go on when both are here.
  void Meet() {
    const uint64_t mine = arrived_.fetch_add(1) / 2;
    for (uint64_t turn = 0; arrived_.load() < 2 * mine + 2; ++turn) {
      if (turn < 10'000) {
        CpuRelax();
      } else {
        YieldCpu();
      }
    }
  }

  alignas(64) std::atomic<uint64_t> arrived_{0};
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_LITMUS_H_
