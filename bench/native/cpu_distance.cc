// How far apart two CPUs are: how long a cache line takes from the first allowed CPU to the last and back. CPUs that share a cache need
// some 70 ns, others several hundred; the CPUs of a virtual machine can be either, and change within seconds. Prints one JSON line:
// nanoseconds, the median of several runs, or why there is none.
//
//   cpu_distance
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "pinning.h"

namespace {

using padata_bench::Pin;

constexpr int kRuns = 9;
constexpr int kRounds = 4000;

// Nanoseconds for there and back. One of the two makes the turn odd, the other even again.
double RoundTrip(std::atomic<int> *turn) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; i++) {
    const int mine = turn->load(std::memory_order_relaxed) + 1;
    turn->store(mine, std::memory_order_relaxed);
    while (turn->load(std::memory_order_relaxed) == mine) {
    }
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
  return elapsed.count() / kRounds;
}

double MedianRoundTrip(int first, int last) {
  alignas(128) std::atomic<int> turn{0};
  std::thread other([&turn, last] {
    Pin(last);
    for (int i = 0; i < kRuns * kRounds; i++) {
      while (turn.load(std::memory_order_relaxed) % 2 == 0) {
      }
      turn.store(turn.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  });
  Pin(first);
  std::array<double, kRuns> runs{};
  for (double &run : runs) run = RoundTrip(&turn);
  other.join();
  std::ranges::sort(runs);
  return runs[kRuns / 2];
}

}  // namespace

int main() {
  const std::vector<int> cpus = padata_bench::AllowedCpus();
  if (cpus.size() < 2) {
    printf("{\"leftOut\":\"there is one CPU only\"}\n");
  } else {
    printf("{\"nanoseconds\":%.1f}\n", MedianRoundTrip(cpus.front(), cpus.back()));
  }
  return 0;
}
