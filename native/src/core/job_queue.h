// The jobs of an instance that no thread has claimed yet, in submission order over all its shells: a ring of tokens, each the
// address of a job entry, that the environment fills and parallel threads claim in batches.
//
// Threads. One producer, the environment. Any number of parallel threads claim. Any thread gives tokens back.
// A claim copies tokens first and then moves the head by compare-and-swap: if that succeeds, nobody can have overwritten what was
// copied, for the producer writes only behind the head. For the same reason the ring can be replaced by a larger one under the
// threads: tokens between head and tail are in both, and the old ring is never written again.
//
//   producer  A1 token, entry   A2 tail (release; seq_cst, for it is also one half of the kick's Dekker pair, see instance.h)
//   thread    B1 tail (acquire), then ring (acquire)   B2 copy tokens   B3 head: compare-and-swap (acq_rel)
//
// A thread that claims a token has acquired a tail behind it, so it sees the entry, too.
#ifndef PADATA_CORE_JOB_QUEUE_H_
#define PADATA_CORE_JOB_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/job.h"
#include "core/memory.h"
#include "core/sync.h"

namespace padata {

class JobQueue {
 public:
  // Shared with the environment; offsets are a contract with lib/internal/layout.ts.
  struct Control {
    alignas(64) std::atomic<uint32_t> tail;  // written by the environment, modulo 2^32
    alignas(64) std::atomic<uint64_t> head;  // tokens claimed since the beginning
    std::atomic<uint32_t> cost_ns;           // see JobQueue::cost_ns()
  };
  static constexpr uint32_t kInitialCapacity = 4096;
  static constexpr uint32_t kUnknownCostNs = 100'000;  // before the first measurement a job is taken to be long

  explicit JobQueue(Control& control);

  // Environment. Doubles the ring; nullptr without memory. The new ring's memory holds `capacity` tokens of 8 bytes; the token
  // at position p is at p % capacity.
  const RefPtr<SharedMemory>& Grow();
  const RefPtr<SharedMemory>& memory() const { return rings_.back(); }

  // What a claim came to: so many jobs that stand one behind the other in the order of submission, and where the first of them stands.
  struct Claimed {
    size_t count;
    uint64_t position;
  };
  struct Returned {
    uint64_t position;
    Job* job;
  };

  // Parallel threads. Claims up to batch.size() tokens, those that were given back first.
  Claimed Claim(std::span<Job*> batch) PADATA_EXCLUDES(returned_mutex_);
  // Any thread. Claimed jobs that this thread must not, or cannot soon, begin. Whoever gives them back, they keep their place: if a job could
  // be claimed before one that was submitted earlier, and take long, the threads might all wait with such jobs for ever for what the earlier one does.
  void GiveBack(std::span<const Returned> jobs) PADATA_EXCLUDES(returned_mutex_);
  // Any thread. How many jobs wait to be claimed; seq_cst, for those who look for work before they sleep.
  uint32_t Backlog() const;
  // Environment, now and then. Whether jobs wait that were given back, or none of those that wait was claimed since the last call.
  bool IsStuck();

  // How long one job takes, in nanoseconds: a running average, which decides how many are claimed at once. Any thread; the environment
  // reads it as well.
  uint32_t cost_ns() const { return control_.cost_ns.load(std::memory_order_relaxed); }
  // Whoever has run so many jobs that it had claimed, in so long.
  void Measured(size_t jobs, uint64_t ns);

 private:
  using Token = std::atomic<uint64_t>;
  struct Ring {
    Token* tokens;
    uint32_t mask;
  };

  Claimed ClaimReturned(std::span<Job*> batch) PADATA_EXCLUDES(returned_mutex_);
  void Publish(RefPtr<SharedMemory> memory);

  Control& control_;
  std::vector<RefPtr<SharedMemory>> rings_;           // all there were: a slow thread may still read an old one
  std::vector<std::unique_ptr<const Ring>> headers_;  // likewise
  std::atomic<const Ring*> ring_{nullptr};            // release by Grow(), acquire by Claim()

  uint64_t seen_head_ = 0;  // environment

  std::atomic<uint32_t> returned_count_{0};
  Mutex returned_mutex_;
  std::vector<Returned> returned_ PADATA_GUARDED_BY(returned_mutex_);  // in order
};

}  // namespace padata

#endif  // PADATA_CORE_JOB_QUEUE_H_
