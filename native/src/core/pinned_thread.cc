#include "core/pinned_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/cpumask.h"
#include "core/sync.h"

namespace padata {
namespace {

struct Start {
  int cpu;
  IfRefused if_refused;
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

CpuSet SetOf(int cpu) {
  CpuSet set;
  CPU_SET_S(static_cast<size_t>(cpu), set.size(), set.get());
  return set;
}

// 0 if the affinity of a thread (0: the caller) is exactly `cpu`, -EINVAL if not, another negative errno if it may not be asked.
int CheckPin(pid_t tid, int cpu) {
  CpuSet wanted = SetOf(cpu);
  CpuSet got;
  if (sched_getaffinity(tid, got.size(), got.get()) != 0) return -errno;
  return CPU_EQUAL_S(wanted.size(), wanted.get(), got.get()) ? 0 : -EINVAL;
}

int Pin(pid_t tid, int cpu) {
  CpuSet wanted = SetOf(cpu);
  if (sched_setaffinity(tid, wanted.size(), wanted.get()) != 0) return -errno;
  return CheckPin(tid, cpu);
}

// All pinned threads.
class Registry {
 public:
  void Add(pid_t tid, int cpu) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    threads_.insert_or_assign(tid, Thread{.cpu = cpu});
  }
  void Remove(pid_t tid) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    threads_.erase(tid);
  }
  bool Has(pid_t tid) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return threads_.contains(tid);
  }
  CpuMask Repin() PADATA_EXCLUDES(mutex_) {
    CpuMask failed;
    MutexLock lock(mutex_);
    for (auto& [tid, thread] : threads_) {
      if (!thread.Repin(tid)) failed.Set(thread.cpu);
    }
    return failed;
  }
  std::unordered_map<int, PinCounts> Count() PADATA_EXCLUDES(mutex_) {
    std::unordered_map<int, PinCounts> counts;
    MutexLock lock(mutex_);
    for (const auto& [tid, thread] : threads_) {
      counts[thread.cpu].lost += thread.counts.lost;
      counts[thread.cpu].restored += thread.counts.restored;
    }
    return counts;
  }

 private:
  struct Thread {
    int cpu;
    bool is_lost = false;
    PinCounts counts = {};

    // False if the thread is not on its CPU.
    bool Repin(pid_t tid) {
      if (CheckPin(tid, cpu) != -EINVAL) return true;  // where nobody may ask, nothing is known to be wrong
      counts.lost += is_lost ? 0 : 1;
      is_lost = Pin(tid, cpu) != 0;
      counts.restored += is_lost ? 0 : 1;
      return !is_lost;
    }
  };

  Mutex mutex_;
  std::unordered_map<pid_t, Thread> threads_ PADATA_GUARDED_BY(mutex_);
};

Registry& Pinned() {
  static auto* registry = new Registry;  // never destroyed: threads outlive static destructors
  return *registry;
}

void* Run(void* arg) {
  auto* start = static_cast<Start*>(arg);
  const auto tid = static_cast<pid_t>(syscall(SYS_gettid));
  pthread_setname_np(pthread_self(), start->name.c_str());
  Pinned().Add(tid, start->cpu);  // first, so that nobody takes the CPU that follows for what the process may use
  int status = Pin(0, start->cpu);
  if (status == -EINVAL && start->if_refused == IfRefused::kStart) status = 0;
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

int StartPinnedThread(int cpu, const std::string& name, std::function<void()> body, IfRefused if_refused) {
  auto start = std::make_shared<Start>();
  start->cpu = cpu;
  start->if_refused = if_refused;
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

void AdoptThisThread(int cpu, const std::string& name) {
  sigset_t signals;
  sigfillset(&signals);
  for (int raised : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF}) sigdelset(&signals, raised);
  pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  pthread_setname_np(pthread_self(), name.c_str());
  Pinned().Add(static_cast<pid_t>(syscall(SYS_gettid)), cpu);  // first, see Run()
  Pin(0, cpu);
}

void ReleaseThisThread() { Pinned().Remove(static_cast<pid_t>(syscall(SYS_gettid))); }

bool IsPinnedThread(pid_t tid) { return Pinned().Has(tid); }

CpuMask RepinThreads() { return Pinned().Repin(); }

std::unordered_map<int, PinCounts> CountPins() { return Pinned().Count(); }

bool IsOnCpu(int cpu) {
  // A sandbox may number CPUs in its own way. Once that is known the affinity alone has the last word.
  static std::atomic<bool> has_own_numbers{false};
  const auto is_here = [cpu] {
    const int here = sched_getcpu();  // a load, with the kernel's rseq
    return here == cpu || here < 0;
  };
  if (is_here()) return true;
  if (CheckPin(0, cpu) == -EINVAL) return false;
  // It was pinned again just now, and the kernel is about to move it.
  for (int turn = 0; turn < 1000 && !has_own_numbers.load(std::memory_order_relaxed); ++turn) {
    YieldCpu();
    if (is_here()) return true;
  }
  has_own_numbers.store(true, std::memory_order_relaxed);
  return true;
}

struct UnpinnedThread::Body {
  std::string name;
  std::function<void()> run;
};

int UnpinnedThread::Start(const std::string& name, std::function<void()> body) {
  auto handed_over = std::make_unique<Body>(Body{name, std::move(body)});
  const AllSignalsBlocked blocked;
  const auto run = [](void* arg) -> void* {
    const std::unique_ptr<Body> owned(static_cast<Body*>(arg));
    pthread_setname_np(pthread_self(), owned->name.c_str());
    owned->run();
    return nullptr;
  };
  const int error = pthread_create(&thread_, nullptr, run, handed_over.get());
  if (error == 0) (void)handed_over.release();  // the thread owns it
  return -error;
}

void UnpinnedThread::Join() { pthread_join(thread_, nullptr); }

}  // namespace padata
