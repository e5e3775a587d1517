#include "core/pinned_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <unordered_set>
#include <vector>

#include "core/cpumask.h"
#include "core/sync.h"

namespace padata {
namespace {

struct Start {
  int cpu;
  std::string name;
  std::function<void()> body;
  std::atomic<int> status{1};  // 1: not known yet; release by the new thread, acquire by its creator
};

// cpu_set_t ends at 1024 CPUs; the system calls do not.
class CpuSet {
 public:
  CpuSet() : bits_(kMaxCpus / 8 / sizeof(unsigned long)) {}
  cpu_set_t* get() { return reinterpret_cast<cpu_set_t*>(bits_.data()); }
  size_t size() const { return bits_.size() * sizeof(unsigned long); }

 private:
  std::vector<unsigned long> bits_;
};

// The ids of all pinned threads.
class Registry {
 public:
  void Add(pid_t tid) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    tids_.insert(tid);
  }
  void Remove(pid_t tid) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    tids_.erase(tid);
  }
  bool Has(pid_t tid) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return tids_.contains(tid);
  }

 private:
  Mutex mutex_;
  std::unordered_set<pid_t> tids_ PADATA_GUARDED_BY(mutex_);
};

Registry& Pinned() {
  static auto* registry = new Registry;  // never destroyed: threads outlive static destructors
  return *registry;
}

int PinSelf(int cpu) {
  CpuSet wanted;
  CPU_SET_S(static_cast<size_t>(cpu), wanted.size(), wanted.get());
  if (sched_setaffinity(0, wanted.size(), wanted.get()) != 0) return -errno;
  CpuSet got;
  if (sched_getaffinity(0, got.size(), got.get()) != 0) return -errno;
  return CPU_EQUAL_S(wanted.size(), wanted.get(), got.get()) ? 0 : -EINVAL;
}

void* Run(void* arg) {
  auto* start = static_cast<Start*>(arg);
  const auto tid = static_cast<pid_t>(syscall(SYS_gettid));
  pthread_setname_np(pthread_self(), start->name.c_str());
  Pinned().Add(tid);  // first, so that nobody takes the CPU that follows for what the process may use
  const int status = PinSelf(start->cpu);
  if (status != 0) Pinned().Remove(tid);
  const std::function<void()> body = std::move(start->body);
  start->status.store(status, std::memory_order_release);  // partner: StartPinnedThread()
  start->status.notify_one();
  if (status == 0) body();
  return nullptr;
}

// Threads inherit the signal mask of their creator.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

int StartPinnedThread(int cpu, const std::string& name, std::function<void()> body) {
  auto start = std::make_shared<Start>();
  start->cpu = cpu;
  start->name = name;
  start->body = std::move(body);
  // The thread keeps the structure alive until it is through with notify_one().
  auto* handed_over = new std::shared_ptr<Start>(start);
  pthread_t thread;
  int error = 0;
  {
    AllSignalsBlocked blocked;
    error = pthread_create(
        &thread, nullptr,
        [](void* arg) -> void* {
          const std::unique_ptr<std::shared_ptr<Start>> owner(static_cast<std::shared_ptr<Start>*>(arg));
          return Run(owner->get());
        },
        handed_over);
  }
  if (error != 0) {
    delete handed_over;
    return -error;
  }
  pthread_detach(thread);
  start->status.wait(1, std::memory_order_acquire);
  return start->status.load(std::memory_order_acquire);
}

bool IsPinnedThread(pid_t tid) { return Pinned().Has(tid); }

}  // namespace padata
