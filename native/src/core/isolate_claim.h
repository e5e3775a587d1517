// What an isolate does to the jobs it claims and completes.
//
// Threads. TakeUp(): the isolate that claims, under its mutex_. Completion: whoever completes jobs.
#ifndef PADATA_CORE_ISOLATE_CLAIM_H_
#define PADATA_CORE_ISOLATE_CLAIM_H_

#include <atomic>
#include <cstdint>

#include "core/check.h"
#include "core/job.h"
#include "core/segment.h"
#include "core/shell.h"

namespace padata {

// Says of a job that was taken from the queue that it is claimed. False: it has been withdrawn. relaxed, here and in IsolateGroup::Withdraw(): which
// of the two comes first is all that matters.
inline bool TakeUp(Job* job) {
  const uint64_t seq_nr = Segment::Of(job)->SeqNr(job);
  uint32_t state = JobState(seq_nr, JobPhase::kSubmitted);
  if (job->state.compare_exchange_strong(state, JobState(seq_nr, JobPhase::kOutstanding), std::memory_order_relaxed))
    return true;
  PADATA_CHECK(state == JobState(seq_nr, JobPhase::kWithdrawn), "a job was claimed twice");
  return false;
}

// Several jobs of one shell are reordered together.
class Completion {
 public:
  explicit Completion(uint64_t patience_ns) : patience_ns_(patience_ns) {}
  ~Completion() { Leave(); }
  void Enter(Shell* shell) {
    if (shell == shell_) return;
    Leave();
    shell->Enter();
    shell_ = shell;
  }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

 private:
  void Leave() {
    if (shell_ == nullptr) return;
    shell_->Reorder(patience_ns_);
    shell_->Leave();
  }
  const uint64_t patience_ns_;
  Shell* shell_ = nullptr;
};

}  // namespace padata

#endif  // PADATA_CORE_ISOLATE_CLAIM_H_
