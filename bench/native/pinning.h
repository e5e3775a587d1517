// CPUs for the threads of yardsticks, which use nothing of padata's.
#ifndef PADATA_BENCH_NATIVE_PINNING_H_
#define PADATA_BENCH_NATIVE_PINNING_H_

#include <pthread.h>
#include <sched.h>

#include <cstdlib>
#include <vector>

namespace padata_bench {

// The CPUs that this process may use, in order.
inline std::vector<int> AllowedCpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

// Pins the calling thread.
inline void Pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) abort();
}

}  // namespace padata_bench

#endif  // PADATA_BENCH_NATIVE_PINNING_H_
