// Follows the machine: CPUs that go and come, cpusets that change, pins that the kernel drops. For all instances it works out anew
// what is usable, and it pins all threads of padata again.
//
// Threads. One for the process, `padata/watch`, not pinned; it is started with the first instance and ends with the last.
//   any        Add(), Remove(), Hint()
//   watcher    everything else; it changes masks as the environment does, see Instance::Follow()
// Lock order: Add() and Remove() take one lock, with none held; the watcher holds none of its own while it looks.
//
// It looks when a uevent comes, some times more soon after (a cpuset follows a CPU later than the event), and every so many
// milliseconds anyway: events are a hint, looking is what makes it right.
#ifndef PADATA_CORE_CPU_WATCHER_H_
#define PADATA_CORE_CPU_WATCHER_H_

namespace padata {

class CpuWatcher {
 public:
  static constexpr int kDefaultIntervalMs = 1000;

  // An instance wants to be followed: the smallest interval of all that are counts. Returns 0, or -EAGAIN: the system is out of
  // threads or of file descriptors.
  static int Add(int interval_ms);
  // The same interval as in Add(). When the last one is removed, the thread has ended on return.
  static void Remove(int interval_ms);
  // Something is wrong with a CPU: look now.
  static void Hint();
};

}  // namespace padata

#endif  // PADATA_CORE_CPU_WATCHER_H_
