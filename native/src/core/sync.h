// The synchronization primitives of the core, in one place: a mutex that clang's thread-safety analysis understands, a
// parking place for one thread, a pair of asymmetric fences, and the pause of a spinning loop.
//
// Lock order of the whole core, outermost first. A thread that holds a lock takes only locks further down:
//   1. Instance::mutex_                  masks
//   2. ParallelThread::take_back_mutex_  the batch of one thread; and the mutexes under which threads are created
//      IsolateGroup::mutex_              the list of isolates
//      Isolate::mutex_                   the slots of one isolate
//   3. JobQueue::returned_mutex_         tokens given back; MtQueue::mutex_, which threads work on a multithreaded job
//   4. SerialThread::mutex_              the inbox of one thread; IsolateGroup::serial_mutex_: those of isolates
//   5. Environment::wake_mutex_          the way to the event loop; Isolate::wake_mutex_: that to the isolate's
//   6. the others                        the roster; the pools of segments and slabs; results; the pinned threads
#ifndef PADATA_CORE_SYNC_H_
#define PADATA_CORE_SYNC_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#if defined(__clang__)
#define PADATA_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define PADATA_THREAD_ANNOTATION(x)
#endif
#define PADATA_GUARDED_BY(x) PADATA_THREAD_ANNOTATION(guarded_by(x))
#define PADATA_REQUIRES(x) PADATA_THREAD_ANNOTATION(requires_capability(x))
#define PADATA_EXCLUDES(x) PADATA_THREAD_ANNOTATION(locks_excluded(x))

#if defined(__SANITIZE_THREAD__)
#define PADATA_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PADATA_TSAN 1
#endif
#endif

namespace padata {

class PADATA_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void Lock() PADATA_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() PADATA_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class PADATA_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) PADATA_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() PADATA_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A futex on which one thread, the owner, sleeps, and which any thread can end. Unpark() before Park() is remembered.
class Parker {
 public:
  // Owner. Says that Park() is about to be called, so that TryUnpark() of others counts from here on. What the owner reads
  // after this call is read after others can see it (seq_cst; partner: TryUnpark()).
  void Prepare();
  // Owner. Sleeps until TryUnpark() has succeeded once since Prepare().
  void Park();
  // Owner. The same for so long at most, and less if a signal comes: then nothing was remembered. True if it was unparked.
  bool ParkFor(uint64_t timeout_ns);
  // Owner. Takes Prepare() back without sleeping.
  void Cancel();
  // Any thread. True for the one caller who wakes the owner; false if the owner is awake or somebody else was first.
  bool TryUnpark();
  // Any thread. A hint: would TryUnpark() have succeeded just now? seq_cst: after bringing work it is as good as TryUnpark().
  bool IsParked() const { return word_.load(std::memory_order_seq_cst) == kParked; }

 private:
  static constexpr uint32_t kAwake = 0;
  static constexpr uint32_t kParked = 1;
  std::atomic<uint32_t> word_{kAwake};
};

// Something that happens once, and that threads wait for.
class Event {
 public:
  // Any thread. What was done before is visible to who sees it set.
  void Set();
  bool IsSet() const { return word_.load(std::memory_order_acquire) == kSet; }
  // Any thread. Sleeps until it is set, or the time is up: then it returns false.
  bool Wait(uint64_t timeout_ns);

 private:
  static constexpr uint32_t kUnset = 0;
  static constexpr uint32_t kAwaited = 1;  // not set, and somebody may sleep
  static constexpr uint32_t kSet = 2;
  std::atomic<uint32_t> word_{kUnset};
};

// Asymmetric fences: a store before Light() and a load after it keep their order as seen by a thread that calls Heavy()
// between its own store and load. Light() costs nothing where membarrier(2) exists; Heavy() interrupts the other CPUs.
class AsymmetricFence {
 public:
  static void Light();
  static void Heavy();

 private:
  static bool Register();
  static const bool has_membarrier_;
};

// One turn of a loop that waits for another CPU.
inline void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#if !defined(PADATA_TSAN)
inline void AsymmetricFence::Light() {
  if (has_membarrier_) [[likely]] {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
}
#endif

// Gives the CPU to another thread that wants it.
void YieldCpu();

// Spins with CpuRelax() a while, then yields, until `done()` holds. For waits that are a few instructions long unless the
// other thread was preempted.
template <typename Predicate>
void SpinUntil(Predicate done) {
  for (int turn = 0; !done(); ++turn) {
    if (turn < 64) {
      CpuRelax();
    } else {
      YieldCpu();
    }
  }
}

}  // namespace padata

#endif  // PADATA_CORE_SYNC_H_
