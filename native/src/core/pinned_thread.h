// The only place that creates threads and sets affinities.
//
// A pinned thread has every signal blocked, the name that is given, and an affinity of exactly its CPU, set by
// sched_setaffinity(2) and read back. It lives until the process ends. The kernel drops pins without a word: when the CPU goes
// offline, when a cpuset changes, and in some versions when any CPU of a cpuset goes; see RepinThreads().
#ifndef PADATA_CORE_PINNED_THREAD_H_
#define PADATA_CORE_PINNED_THREAD_H_

#include <pthread.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "core/cpumask.h"

namespace padata {

// What happens to a new thread whose CPU is offline or not allowed to this process.
enum class IfRefused {
  kEnd,   // it ends
  kStart  // it runs where it is let, like a thread that has lost its pin later: RepinThreads() sees to it
};

// Any thread; blocks until the thread runs on its CPU. `body` never returns. Returns 0, or a negative errno and there is no thread:
// -EINVAL the CPU is refused, -EAGAIN the system is out of threads (remedy: ulimit -u, pids.max).
int StartPinnedThread(int cpu, const std::string& name, std::function<void()> body, IfRefused = IfRefused::kEnd);

// Pins the calling thread, which somebody else has made, and names it; it counts as one of ours until it is released, and RepinThreads() sees to it. Where its CPU is
// refused it stays where it may run. Signals are blocked, but those that a thread raises itself and SIGPROF: V8 handles the
// ones (WebAssembly), and profiles with the other.
void AdoptThisThread(int cpu, const std::string& name);
void ReleaseThisThread();

// Any thread. Whether a thread of this process was started here: its affinity is our own doing, and says nothing about what the
// process may use. (Threads that a pinned thread has started do not count.)
bool IsPinnedThread(pid_t tid);

// One thread, that of CpuWatcher: reads the affinities of all pinned threads, and sets again what is not exactly their CPU.
// Returns the CPUs of which a thread could not be pinned: they are offline, or not allowed.
CpuMask RepinThreads();

// How often the threads of a CPU were found without their pin, and got it back.
struct PinCounts {
  uint64_t lost = 0;
  uint64_t restored = 0;
};
// Any thread. By CPU.
std::unordered_map<int, PinCounts> CountPins();

// Any thread. Whether the calling thread, which is pinned to `cpu`, runs there: false if the kernel has dropped its pin and moved it.
bool IsOnCpu(int cpu);

// A thread that goes where it is let, with every signal blocked. Between Start() and Join() there is one; both by the same thread, or
// under a lock.
class UnpinnedThread {
 public:
  // Returns 0, or -EAGAIN: the system is out of threads.
  int Start(const std::string& name, std::function<void()> body);
  // Waits until `body` has returned.
  void Join();

 private:
  struct Body;
  pthread_t thread_{};
};

}  // namespace padata

#endif  // PADATA_CORE_PINNED_THREAD_H_
