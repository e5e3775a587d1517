// The only place that creates threads and sets affinities.
//
// A pinned thread has every signal blocked, the name that is given, and an affinity of exactly its CPU, set by
// sched_setaffinity(2) and read back. It lives until the process ends.
#ifndef PADATA_CORE_PINNED_THREAD_H_
#define PADATA_CORE_PINNED_THREAD_H_

#include <sys/types.h>

#include <functional>
#include <string>

namespace padata {

// Any thread; blocks until the thread runs on its CPU. `body` never returns. Returns 0, or a negative errno and there is no thread:
// -EINVAL the CPU is offline or not allowed to this process, -EAGAIN the system is out of threads (remedy: ulimit -u, pids.max).
int StartPinnedThread(int cpu, const std::string& name, std::function<void()> body);

// Any thread. Whether a thread of this process was started here: its affinity is our own doing, and says nothing about what the
// process may use. (Threads that a pinned thread has started do not count.)
bool IsPinnedThread(pid_t tid);

}  // namespace padata

#endif  // PADATA_CORE_PINNED_THREAD_H_
