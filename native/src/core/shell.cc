#include "core/shell.h"

#include <new>

#include "core/check.h"
#include "core/environment.h"
#include "core/instance.h"
#include "core/serial_thread.h"
#include "core/sync.h"

namespace padata {

Shell::Shell(Instance& instance, Environment& environment, uint32_t id)
    : instance_(instance),
      environment_(environment),
      id_(id),
      control_memory_(SharedMemory::Allocate(sizeof(Control))) {
  PADATA_CHECK(control_memory_, "no memory for a shell");
  new (control_memory_->data()) Control{};
}

Shell::~Shell() {
  while (oldest_ != nullptr) {
    Segment* const segment = oldest_;
    oldest_ = segment->header.next.load(std::memory_order_relaxed);
    ReleaseSegment(segment);
  }
}

Segment* Shell::Grow() {
  Segment* const segment = AcquireSegment(this, grown_);
  if (segment == nullptr) return nullptr;
  grown_ += kJobsPerSegment;
  if (newest_ == nullptr) {
    oldest_ = segment;
    first_.store(segment, std::memory_order_release);
  } else {
    newest_->header.next.store(segment, std::memory_order_release);
  }
  newest_ = segment;
  return segment;
}

void Shell::Retire() {
  Segment* const segment = oldest_;
  oldest_ = segment->header.next.load(std::memory_order_relaxed);
  PADATA_CHECK(oldest_ != nullptr, "the newest segment is still in use");
  ReleaseSegment(segment);
}

void Shell::AwaitQuiet() const {
  SpinUntil([this] { return users_.load(std::memory_order_acquire) == 0; });
}

void Shell::Reorder(uint64_t patience_ns) {
  if (requests_.fetch_add(1, std::memory_order_acq_rel) != 0) return;
  uint32_t seen = 1;
  do {
    Advance(patience_ns);
  } while (!requests_.compare_exchange_strong(seen, 0, std::memory_order_acq_rel, std::memory_order_acquire));
}

// Moves the cursor to the next segment where that is due. False: the environment has not prepared it yet.
bool Shell::CursorAtJob() {
  if (cursor_segment_ != nullptr && cursor_ < kJobsPerSegment) return true;
  Segment* const next = cursor_segment_ == nullptr ? first_.load(std::memory_order_acquire)
                                                   : cursor_segment_->header.next.load(std::memory_order_acquire);
  if (next == nullptr) return false;
  cursor_segment_ = next;
  cursor_ = 0;
  return true;
}

void Shell::DeliverSerial(Job* job) {
  IsModule(job->serial) ? instance_.isolates()->DeliverSerial(job) : SerialThread::Deliver(job);
}

void Shell::Advance(uint64_t patience_ns) {
  const uint64_t before = commit_;
  while (CursorAtJob()) {
    Job& job = cursor_segment_->jobs[cursor_];
    if (job.state.load(std::memory_order_acquire) != JobState(commit_, JobPhase::kDone)) break;
    if (job.serial != nullptr) DeliverSerial(&job);
    ++cursor_;
    ++commit_;
  }
  if (commit_ == before) return;
  control().commit.store(static_cast<uint32_t>(commit_), std::memory_order_release);
  environment_.Notify(*this, patience_ns);
}

void Shell::Serialized(Job* job) {
  const uint64_t seq_nr = Segment::Of(job)->SeqNr(job);
  Enter();
  job->state.store(JobState(seq_nr, JobPhase::kSerialized), std::memory_order_release);
  environment_.Notify(*this);
  Leave();
}

}  // namespace padata
