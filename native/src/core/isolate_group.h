// The isolates of one instance, and the jobs that wait for one of them: module functions. To the core such a job is one that parallel() leaves
// outstanding: an isolate claims it, and some time later completes it.
//
// Threads.
//   environment  submits, adds isolates and removes them
//   isolate      claims
//   any          Kick(), DeliverSerial() by the reorderer, TakeBack() by whoever changes the masks
// Locks. mutex_ behind Instance::mutex_; serial_mutex_ is a leaf.
// Ownership. Belongs to the instance, and lives as long.
//
// Attendance and kick are those of Instance, see there: `attended` counts the isolates that will look at the queue soon.
#ifndef PADATA_CORE_ISOLATE_GROUP_H_
#define PADATA_CORE_ISOLATE_GROUP_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/isolate.h"
#include "core/job_queue.h"
#include "core/memory.h"
#include "core/ref.h"
#include "core/sync.h"

namespace padata {

class Instance;

class IsolateGroup {
 public:
  // Shared with the environment; offsets are a contract with lib/internal/layout.ts, and those that Instance::Control has.
  struct Control {
    JobQueue::Control queue;
    alignas(64) std::atomic<uint32_t> attended;
  };

  explicit IsolateGroup(Instance& instance);

  // Environment.
  RefPtr<Isolate> Add(int cpu) PADATA_EXCLUDES(mutex_);
  void Remove(Isolate& isolate) PADATA_EXCLUDES(mutex_);
  // Environment: a job that has not had its turn is not wanted any more. True: it is completed with -ECANCELED. False: it has begun, or nobody has
  // claimed it; then it never begins, and whoever claims it completes it so.
  bool Withdraw(Job* job) PADATA_EXCLUDES(mutex_);
  // Environment: every job that nobody has claimed is completed with `status`.
  void Cancel(int32_t status);
  // Environment: no isolate can be had on `cpu`. Every serial() that waits for one counts as made; returns how many.
  size_t CancelSerials(int cpu) PADATA_EXCLUDES(serial_mutex_);
  // Environment: see Instance::Rescue().
  void Rescue() PADATA_EXCLUDES(mutex_);
  // Any thread: the masks have changed. When it has returned, no job begins on a CPU that is not usable.
  void LeaveUnusable() PADATA_EXCLUDES(mutex_);
  // Any thread: all isolates are to be forgotten, and claim nothing any more. For the end of the instance.
  void Clear() PADATA_EXCLUDES(mutex_);

  // Any thread: wakes one isolate that sleeps, not on `avoid_cpu` if there is a choice.
  void Kick(int avoid_cpu) PADATA_EXCLUDES(mutex_);
  // Isolate, after it has claimed: wakes another one if what is left is worth it.
  void ShareBacklog() PADATA_EXCLUDES(mutex_);
  // Isolate that does not attend any more, and may not take what waits: if nobody looks at that, one that sleeps is woken.
  void HandOn(const Isolate& isolate) PADATA_EXCLUDES(mutex_);
  // Isolate.
  void Attend();
  void Unattend() { control().attended.fetch_sub(1, std::memory_order_seq_cst); }
  uint32_t attendance() { return control().attended.load(std::memory_order_seq_cst) & ~kKickPending; }
  bool HasWork() const { return queue_.Backlog() != 0; }
  void Measured(size_t jobs, uint64_t ns) { queue_.Measured(jobs, ns); }
  uint32_t cost_ns() const { return queue_.cost_ns(); }
  uint64_t PatienceNs() const;

  // The reorderer: it is the turn of this job, whose serial() is a module function.
  void DeliverSerial(Job* job) PADATA_EXCLUDES(serial_mutex_) PADATA_EXCLUDES(mutex_);
  // Isolate on `cpu`: the next job of its own, or nullptr. A CPU has one serial() at a time: the next one comes when it has returned, also where the
  // isolate that runs it is on its way out and another one has taken its place.
  Job* NextSerial(int cpu) PADATA_EXCLUDES(serial_mutex_);
  // Any thread: whether NextSerial() has one.
  bool HasSerial(int cpu) PADATA_EXCLUDES(serial_mutex_);
  // Isolate: a job that NextSerial() gave out has had its serial().
  void Serialized(Job* job) PADATA_EXCLUDES(serial_mutex_) PADATA_EXCLUDES(mutex_);
  // Environment: puts one back that had not begun.
  void ReturnSerial(Job* job) PADATA_EXCLUDES(serial_mutex_);

  JobQueue& queue() { return queue_; }
  const RefPtr<SharedMemory>& control_memory() const { return control_memory_; }
  Control& control() { return *reinterpret_cast<Control*>(control_memory_->data()); }

 private:
  static constexpr uint32_t kKickPending = 1u << 31;

  struct SerialInbox {
    std::deque<Job*> jobs;
    bool is_out = false;  // an isolate has the job before these
  };

  void KickAnew() PADATA_EXCLUDES(mutex_);
  bool WakeOne(int avoid_cpu, bool also_avoided) PADATA_EXCLUDES(mutex_);
  void WakeForSerial(int cpu) PADATA_EXCLUDES(mutex_);
  Isolate::Found WithdrawFromIsolates(const Job* job) PADATA_EXCLUDES(mutex_);
  std::vector<RefPtr<Isolate>> All() PADATA_EXCLUDES(mutex_);

  Instance& instance_;
  const RefPtr<SharedMemory> control_memory_;
  JobQueue queue_;

  Mutex mutex_;
  std::vector<RefPtr<Isolate>> isolates_ PADATA_GUARDED_BY(mutex_);

  Mutex serial_mutex_;
  std::unordered_map<int, SerialInbox> serial_ PADATA_GUARDED_BY(serial_mutex_);  // by CPU
};

}  // namespace padata

#endif  // PADATA_CORE_ISOLATE_GROUP_H_
