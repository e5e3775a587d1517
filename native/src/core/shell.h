// A shell: one ordered series of jobs, and the reorder engine that gives them their turns.
//
// Threads.
//   environment   appends segments (Grow), takes retired ones back (Retire), writes entries, calls serial() of closures
//   parallel      completes jobs: marks an entry as done, then Reorder()
//   any           the same through padata_api.do_serial()
//   serial        calls native serial(), marks the entry as serialized
//
// Reorder. The commit cursor stands at the first job that has not had its turn. Reorder() may be entered by many threads
// at once: the first one becomes the reorderer and moves the cursor over all entries that are done; the others leave a mark
// and go. Before the reorderer leaves it takes the marks down, and if one came meanwhile it looks again. A mark is made after
// the entry was marked as done, so no completion is overlooked, and no thread ever waits for another.
//
//   completing thread:  A1 entry.state = kDone (release)   A2 requests_ += 1 (acq_rel)
//   reorderer:          B1 requests_ seen (acquire)        B2 read states   B3 requests_: seen -> 0 or again from B1
//   A2 before B1: B2 sees A1.  A2 after B1: B3 fails, and the next B1 sees it.
//
// Ownership. Shells belong to their instance, which lives as long as any thread may still be in one of its jobs.
#ifndef PADATA_CORE_SHELL_H_
#define PADATA_CORE_SHELL_H_

#include <atomic>
#include <cstdint>

#include "core/memory.h"
#include "core/segment.h"

namespace padata {

class Environment;
class Instance;

class Shell {
 public:
  // Shared with the event loop; offsets are a contract with lib/internal/layout.ts.
  struct Control {
    alignas(64) std::atomic<uint32_t> commit;  // jobs that have had their turn, modulo 2^32; release by the reorderer
    std::atomic<uint32_t> ready;               // on the environment's ready list
    std::atomic<uint32_t> ready_next;          // id of the next shell on it
  };

  Shell(Instance& instance, Environment& environment, uint32_t id);
  ~Shell();
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  // Environment. Appends a segment for the next kJobsPerSegment jobs; nullptr without memory.
  Segment* Grow();
  // Environment. Takes back the oldest segment. All its jobs and one job of the next segment must have been retired, so that
  // the reorderer has left it, too.
  void Retire();
  // Environment. Waits until every thread that completed a job of this shell is out of it: a few instructions, once no job
  // is in flight.
  void AwaitQuiet() const;

  // Any thread, between Enter() and Leave(): gives all jobs that can have it their turn. `patience_ns`: see
  // Environment::Notify().
  void Reorder(uint64_t patience_ns = 0);
  // Any thread that completes jobs, around that. Enter() must come before the last job is marked as done.
  void Enter() { users_.fetch_add(1, std::memory_order_relaxed); }  // published by the release store of kDone
  void Leave() { users_.fetch_sub(1, std::memory_order_release); }  // partner: AwaitQuiet()
  // Serial threads: native serial() of `job` has returned.
  void Serialized(Job* job);

  uint32_t id() const { return id_; }
  Instance& instance() const { return instance_; }
  const RefPtr<SharedMemory>& control_memory() const { return control_memory_; }
  Control& control() { return *reinterpret_cast<Control*>(control_memory_->data()); }

 private:
  bool CursorAtJob();
  void Advance(uint64_t patience_ns);
  void DeliverSerial(Job* job);

  Instance& instance_;
  Environment& environment_;
  const uint32_t id_;
  const RefPtr<SharedMemory> control_memory_;

  // Environment.
  Segment* oldest_ = nullptr;
  Segment* newest_ = nullptr;
  uint64_t grown_ = 0;  // jobs that the segments so far have had place for

  std::atomic<Segment*> first_{nullptr};  // the first segment ever; release by Grow(), acquire by the reorderer

  // The reorderer; handed on through requests_.
  alignas(64) std::atomic<uint32_t> requests_{0};
  Segment* cursor_segment_ = nullptr;
  uint32_t cursor_ = 0;
  uint64_t commit_ = 0;

  alignas(64) std::atomic<uint32_t> users_{0};
};

}  // namespace padata

#endif  // PADATA_CORE_SHELL_H_
