// The seat of one isolate: a JavaScript thread (a worker of worker_threads) that runs the module functions of one instance on one CPU.
//
// Threads.
//   isolate      Attach(), Turn(), Fetch(), Finish(), GiveBack(), MayClaim(), IsWanted(), Detach()
//   environment  makes it, Abandon() when the isolate's thread has ended, Withdraw(), CompleteEarly(), RescueIfStuck()
//   any          Wake(); TakeBack() by whoever changes the masks
// Locks. outcome_mutex_ before all others: jobs are given their turn under it. mutex_ before IsolateGroup::serial_mutex_ and JobQueue's; behind
// Instance::mutex_ and IsolateGroup::mutex_. wake_mutex_ is a leaf.
// Ownership. Referenced by its group until Abandon(), by the environment's handle, and by the isolate. It holds the instance.
//
//   slot:  kFree -> kClaimed -> kBegun -> kFree      by the isolate; the last step by whoever completes the job
//                      \-> kTaken -> kFree           by others, who give the job back; the isolate frees the slot when it comes to it
//
// A job has begun when its slot is kBegun. Both ways out of kClaimed are a compare-and-swap, seq_cst in JavaScript, so a job that is taken back
// has not begun and never will here. Claims are made under mutex_ after a look at the usable mask, and who takes a CPU out of that mask changes
// it before he takes back what was claimed under the same mutex_: from then on nothing begins there. On this side `state` is relaxed: which way out comes
// first is all that matters, and the environment, which reads what runs in a slot after it has seen kBegun, has that from the isolate, which wrote both.
//
// What the isolate has finished lies in `outcomes` until its next turn. It is shared memory: if the isolate dies, nothing of it is lost; and if it is
// in a long job, so that its next turn is a long time off, the environment completes it. The isolate appends (release, a store of outbox.ts) while
// the environment completes what it finds there (acquire); only a turn, which takes outcome_mutex_, begins anew.
#ifndef PADATA_CORE_ISOLATE_H_
#define PADATA_CORE_ISOLATE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/job.h"
#include "core/memory.h"
#include "core/ref.h"
#include "core/sync.h"

namespace padata {

class Instance;
class IsolateGroup;

class Isolate : public RefCounted<Isolate> {
 public:
  static constexpr uint32_t kSlots = 64;
  static constexpr uint32_t kResultBytes = 128 * 1024;
  static constexpr uint32_t kNotFetched = ~0u;  // Slot::offset: the input did not fit, see Fetch()

  enum SlotState : uint32_t { kFree = 0, kClaimed = 1, kBegun = 2, kTaken = 3 };

  // Shared with the isolate and the environment; offsets are a contract with lib/module/seat.ts.
  struct alignas(64) Slot {
    std::atomic<uint32_t> state;
    uint32_t function;   // its id
    uint32_t type;       // of the input
    uint32_t is_serial;  // 1: a serial(), whose input is what the job came to
    uint32_t offset;     // of the input in the arena
    uint32_t size;
    uint32_t shell;
    int32_t cb_cpu;
    double seq_nr;
    double number;        // the input, if it is one
    double submitted_ms;  // by the environment's clock, see lib/module/clock.ts
    double begun_ms;      // written by the isolate
  };
  struct Outcome {
    uint32_t slot;
    uint32_t type;
    uint32_t offset;  // in Shared::bytes
    uint32_t size;
    double number;
    int32_t status;
    uint32_t unused;
  };
  struct Shared {
    std::atomic<uint32_t> armed;     // the isolate sleeps: whoever takes this down wakes it
    std::atomic<uint32_t> outcomes;  // how many of `outcome` are filled in; by the isolate
    std::atomic<uint32_t> progress;  // grows with each job that begins or ends
    uint32_t limit;                  // isolate: how many jobs it wants at most
    uint32_t may_sleep;              // isolate: it has nothing to do but what it is given
    uint32_t arena_used;             // isolate: bytes of the arena
    std::atomic<uint32_t> wants;     // environment: bits of Wants, for the isolate to act on
    alignas(64) std::array<Slot, kSlots> slots;
    std::array<uint32_t, kSlots> inbox;  // slots that the last turn has filled
    std::array<Outcome, kSlots> outcome;
    std::array<uint8_t, kResultBytes> bytes;
  };

  // A job that had begun when its isolate died.
  struct Died {
    Job* job;
    uint32_t shell;
    uint64_t seq_nr;
    bool is_serial;
  };

  Isolate(Instance& instance, IsolateGroup& group, int cpu);

  using Wake = void (*)(void* arg);
  // Isolate. Pins the calling thread; `wake(arg)` is called by any thread from then on, with a lock held.
  void Attach(Wake wake, void* arg) PADATA_EXCLUDES(wake_mutex_);
  // Isolate. When it has returned, wake is not called any more. The thread stays where it is.
  void Detach() PADATA_EXCLUDES(wake_mutex_);

  // Isolate. Completes what it has finished, then claims up to `limit` jobs and copies their inputs into the arena from `arena_used` on. Returns
  // how many lie in the inbox. If none and it may sleep, it is armed: the next job wakes it.
  uint32_t Turn(std::span<uint8_t> arena) PADATA_EXCLUDES(outcome_mutex_);
  // Isolate. Copies the input of a slot that did not fit.
  void Fetch(uint32_t slot, std::span<uint8_t> to);
  // Isolate. Completes the job of one slot at once. For results that do not fit into Shared::bytes.
  void Finish(const Outcome& outcome, std::span<const uint8_t> bytes);

  // Environment. It claims nothing any more, for good. True if it has nothing either, and its thread can be ended without harm.
  bool Retire() PADATA_EXCLUDES(mutex_);
  // Isolate: what it has claimed and not begun is for others; they are told.
  void GiveBack();
  // Isolate. Whether a job, or one more piece of a job, may begin here. A piece that begins with this counts as begun.
  bool MayClaim();
  // Isolate. Whether jobs wait that it could take.
  bool IsWanted();

  // Any thread. False if it does not sleep.
  bool WakeUp() PADATA_EXCLUDES(wake_mutex_);
  bool IsAsleep() { return shared().armed.load(std::memory_order_seq_cst) != 0; }

  // Any thread. Takes jobs back that have not begun, and gives them to the others.
  void TakeBack() PADATA_EXCLUDES(mutex_);
  // Environment. Completes what the isolate has finished by now; its own turn may be a long time off.
  void CompleteEarly() PADATA_EXCLUDES(outcome_mutex_);
  // Environment. If no job has begun or ended here since the last call: does that, and takes back what has not begun.
  void RescueIfStuck();
  // Environment. Looks for a job. kTaken: it was claimed here and had not begun; now it never will, and is the caller's.
  enum class Found { kNot, kBegun, kTaken };
  Found Withdraw(const Job* job) PADATA_EXCLUDES(mutex_);
  // Environment, when the isolate's thread has ended: completes what had been finished, gives back what had not begun. Returns what had begun:
  // jobs that the caller has to complete; and serial() calls, which count as made.
  std::vector<Died> Abandon() PADATA_EXCLUDES(outcome_mutex_) PADATA_EXCLUDES(mutex_);

  int cpu() const { return cpu_; }
  bool is_retired() const { return is_retired_.load(std::memory_order_relaxed); }
  const RefPtr<SharedMemory>& memory() const { return memory_; }
  Shared& shared() { return *reinterpret_cast<Shared*>(memory_->data()); }

 private:
  friend class RefCounted<Isolate>;
  ~Isolate() = default;

  uint32_t Complete() PADATA_EXCLUDES(outcome_mutex_);
  uint32_t CompleteNew(uint64_t patience_ns) PADATA_REQUIRES(outcome_mutex_);
  std::vector<Died> DropAll() PADATA_EXCLUDES(mutex_);
  void Store(const Outcome& outcome, std::span<const uint8_t> bytes);
  Job* Release(uint32_t slot);
  uint32_t Claim(std::span<uint8_t> arena) PADATA_EXCLUDES(mutex_);
  uint32_t ClaimSerial(std::span<uint8_t> arena) PADATA_REQUIRES(mutex_);
  uint32_t ClaimOnce(std::span<uint8_t> arena, std::vector<Job*>* withdrawn) PADATA_EXCLUDES(mutex_);
  uint32_t ClaimParallel(std::span<uint8_t> arena, std::vector<Job*>* withdrawn) PADATA_REQUIRES(mutex_);
  uint32_t Fill(Job* job, bool is_serial, std::span<uint8_t> arena, uint32_t* count) PADATA_REQUIRES(mutex_);
  Job* JobIn(uint32_t slot) const { return jobs_[slot].load(std::memory_order_relaxed); }
  uint32_t FreeSlot();
  uint32_t CountFree();
  bool StandsBack();
  bool FindsWork();
  bool Spin();
  uint32_t Sleep(std::span<uint8_t> arena);
  void Attend(bool attends);

  const RefPtr<Instance> instance_;
  IsolateGroup& group_;  // the instance's
  const int cpu_;
  const RefPtr<SharedMemory> memory_;

  Mutex mutex_;
  // What is in the slots. Set under mutex_; taken out under it by others, who have taken the slot, and without it by the isolate, whose job has
  // begun. relaxed: whoever reads it under mutex_ uses what he finds only if the slot is not begun.
  std::array<std::atomic<Job*>, kSlots> jobs_{};
  std::array<uint64_t, kSlots> positions_ PADATA_GUARDED_BY(mutex_){};  // of claimed jobs in the queue

  // Written under mutex_, under which jobs are claimed, too. Elsewhere a hint, and relaxed: Remove() makes up for a wake-up that was wasted on it.
  std::atomic<bool> is_retired_{false};

  // Isolate.
  bool attends_ = false;
  uint32_t next_slot_ = 0;
  uint64_t returned_ns_ = 0;

  uint32_t seen_progress_ = 0;  // environment

  Mutex outcome_mutex_;
  uint32_t completed_ PADATA_GUARDED_BY(outcome_mutex_) = 0;  // of the outcomes since the last turn

  Mutex wake_mutex_;
  Wake wake_ PADATA_GUARDED_BY(wake_mutex_) = nullptr;
  void* wake_arg_ PADATA_GUARDED_BY(wake_mutex_) = nullptr;
};

static_assert(sizeof(Isolate::Slot) == 64 && sizeof(Isolate::Outcome) == 32);

}  // namespace padata

#endif  // PADATA_CORE_ISOLATE_H_
