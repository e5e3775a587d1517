// The thread that calls native serial() for one cb_cpu, for all instances of the process: named padata/s<cpu>.
//
// Threads. One thread runs Run(); Deliver() comes from the reorderer of any shell. A shell has one reorderer at a time, so its jobs
// arrive in order, and the inbox keeps it.
#ifndef PADATA_CORE_SERIAL_THREAD_H_
#define PADATA_CORE_SERIAL_THREAD_H_

#include <atomic>
#include <vector>

#include "core/job.h"
#include "core/sync.h"

namespace padata {

class SerialThread {
 public:
  // Any thread. Makes sure that the thread of a CPU exists; 0 or a negative errno from StartPinnedThread(): -EINVAL
  // only for a CPU that can never come. To be called before
  // a job with this cb_cpu and a native serial() is submitted.
  static int Ensure(int cpu);
  // The reorderer: it is the turn of this job.
  static void Deliver(Job* job);
  // Any thread: no serial() begins any more, in the whole process. For the end of the process.
  static void HaltAll();
  // Any thread, after HaltAll(). Whether none is running.
  static bool AllIdle();

 private:
  explicit SerialThread(int cpu) : cpu_(cpu) {}
  static SerialThread* On(int cpu);

  [[noreturn]] void Run();
  void Push(Job* job) PADATA_EXCLUDES(mutex_);
  void Call(Job* job);

  const int cpu_;
  Parker parker_;
  std::atomic<bool> busy_{false};
  Mutex mutex_;
  std::vector<Job*> inbox_ PADATA_GUARDED_BY(mutex_);
};

}  // namespace padata

#endif  // PADATA_CORE_SERIAL_THREAD_H_
