// How far apart two CPUs are: how long a cache line takes from the first allowed CPU to the last and back. CPUs that share a cache need
// some 70 ns, others several hundred; the CPUs of a virtual machine can be either, and change within seconds. Prints one JSON line:
// nanoseconds, the median of several runs, or why there is none.
//
//   cpu_distance
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

constexpr int kRuns = 9;
constexpr int kRounds = 4000;

void Pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) abort();
}

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
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  int first = -1;
  int last = -1;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    if (first < 0) first = cpu;
    last = cpu;
  }
  if (first == last) {
    printf("{\"leftOut\":\"there is one CPU only\"}\n");
  } else {
    printf("{\"nanoseconds\":%.1f}\n", MedianRoundTrip(first, last));
  }
  return 0;
}
