// The thread that runs parallel() on one CPU, for all instances of the process that may use it: named padata/p<cpu>.
//
// Threads. One thread runs Run(); the static functions and Halt()/TakeBack() come from others.
//
//   awake:  [refresh roster] -> claim a batch -> run it -> ... -> nothing to do -> spin -> park
//   parked: until Wake(), which instances call (Instance::Kick)
//
// Before each job the thread says where it is (progress_), then looks whether it may still begin (usable mask, revoked_). Whoever
// takes a CPU away changes the mask first, then issues the heavy fence, then waits while progress_ says "checking": a
// thread that is past the check has begun before the mask was changed, every other one sees the new mask.
// Chunks of multithreaded jobs are taken in turn with batches, and begin by the same handshake.
// The same handshake takes the rest of a batch away from a thread that is stuck in a long job (TakeBack).
#ifndef PADATA_CORE_PARALLEL_THREAD_H_
#define PADATA_CORE_PARALLEL_THREAD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/cpumask.h"
#include "core/instance.h"
#include "core/ref.h"
#include "core/sync.h"

namespace padata {

class ParallelThread {
 public:
  // Any thread. The thread of a CPU, or nullptr if there is none yet.
  static ParallelThread* On(int cpu);
  // Any thread. Makes sure that it exists; 0 or a negative errno from StartPinnedThread().
  static int Ensure(int cpu);
  // Any thread. Wakes the sleeping thread of `cpu`, or starts it if there is none. False if it is awake, or cannot be started.
  static bool Wake(int cpu);
  // Any thread. Wakes all that sleep, so that they drop instances that have been removed.
  static void WakeAll();
  // Watcher. Wakes those that have found themselves on another CPU than their own, and wait for their pin.
  static void WakeStrays();
  // Any thread. Calls visit(thread) for each thread that exists.
  static void ForEach(const std::function<void(ParallelThread&)>& visit);

  // Any thread, after a mask was changed and after AsymmetricFence::Heavy(): when it returns, the thread begins no job that the new
  // mask does not allow.
  void AwaitNotChecking() const;
  // Environment of `instance`: gives claimed jobs of it back that this thread has not begun, if it is in the same job as at
  // the last call. Gives jobs that it has done their turn.
  void TakeBack(Instance& instance) PADATA_EXCLUDES(take_back_mutex_);
  // Any thread. Whether it is between jobs.
  bool IsIdle() const { return PhaseOf(progress_.load(std::memory_order_acquire)) == kIdle; }

 private:
  friend class ParallelThreadDrive;  // bench/native/instructions.cc: runs batches by hand

  static constexpr size_t kMaxBatch = 64;
  static constexpr uint64_t kBatchNs = 20'000;  // jobs for about this long are claimed at once
  static constexpr uint64_t kLongNs = 40'000;   // a batch that takes longer does not count as attendance
  static constexpr uint64_t kTurnNs =
      20'000;  // chunks of a multithreaded job for about this long, then others have a turn
  static constexpr uint64_t kSpinNs = 40'000;  // how long it looks for work before it parks
  static constexpr uint64_t kMostYieldNs =
      100'000;  // how long the event loop waits for its CPU at most, whatever it does

  enum Phase : uint64_t { kIdle = 0, kChecking = 1, kRunning = 2 };
  static Phase PhaseOf(uint64_t progress) { return static_cast<Phase>(progress & 3); }

  explicit ParallelThread(int cpu) : cpu_(cpu) {}

  [[noreturn]] void Run();
  void Refresh();
  bool RunRound();
  bool RunChunks(Instance& instance);
  void RunTurn(Instance& instance, MtJob& job);
  bool MayBeginChunk(Instance& instance);
  bool IsAloneWith(const Instance& instance) const;
  bool RunBatch(Instance& instance);
  void RunJobs(Instance& instance);
  void LeaveBatch() PADATA_EXCLUDES(take_back_mutex_);
  size_t RunShell(Instance& instance, size_t index);
  bool MayBegin(Instance& instance, size_t index);
  size_t EndEarly(Instance& instance, size_t index) PADATA_EXCLUDES(take_back_mutex_);
  void GiveBackFrom(Instance& instance, size_t index);
  void AwaitPin();
  void FlushAll();
  void Idle();
  bool Spin();
  template <typename Reason>
  void ParkUnless(Reason reason);
  void YieldToLoop(Instance& instance);
  bool IsWantedForChunks() const;
  bool LoopNeedsCpu(const Instance& instance) const;
  bool StandsBack() const;
  bool IsReplaced() const;
  bool FindsWork() const;

  const int cpu_;
  std::atomic<bool> is_astray_{false};  // waits for its pin
  Parker parker_;
  uint32_t generation_ = 0;
  std::vector<RefPtr<Instance>> roster_;  // those that it attends to

  uint64_t yielded_ns_ = 0;  // when it last let the event loop have the CPU

  std::array<Job*, kMaxBatch> batch_{};
  size_t count_ = 0;
  uint64_t position_ = 0;  // of the first of them in the queue

  // (round << 10 | index in the batch << 2 | phase): "round" tells one batch from the next.
  alignas(64) std::atomic<uint64_t> progress_{kIdle};
  uint64_t round_ = 0;
  std::atomic<bool> revoked_{false};  // somebody is in TakeBack()

  Mutex take_back_mutex_;
  std::atomic<Instance*> batch_of_{nullptr};  // compared only
  bool taken_ PADATA_GUARDED_BY(take_back_mutex_) = false;
  uint64_t seen_progress_ PADATA_GUARDED_BY(take_back_mutex_) = 0;
};

}  // namespace padata

#endif  // PADATA_CORE_PARALLEL_THREAD_H_
