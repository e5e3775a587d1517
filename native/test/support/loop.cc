#include "support/loop.h"

#include <sched.h>

#include "core/check.h"
#include "core/job_queue.h"

namespace padata::test {
static uint32_t instance_tail=0, cached_head=0, capacity=4096; static std::atomic<uint64_t>*tokens;

Loop::Loop()
    : environment_(new Environment([](void* arg) { static_cast<Parker*>(arg)->TryUnpark(); }, &parker_)) {}

Loop::~Loop() { environment_->Close(); }

size_t Loop::Drain() {
  uint32_t id = environment_->control().ready_head.exchange(0, std::memory_order_seq_cst);
  size_t delivered = 0;
  while (id != 0) {
    Port* const port = ports_.at(id);
    Shell::Control& control = port->shell_->control();
    id = control.ready_next.load(std::memory_order_relaxed);
    control.ready.store(0, std::memory_order_seq_cst);  // before `commit` is read, see Environment::Notify()
    delivered += port->Deliver();
  }
  return delivered;
}

bool Loop::Arm() {
  parker_.Prepare();
  environment_->control().armed.store(1, std::memory_order_seq_cst);
  if (environment_->control().ready_head.load(std::memory_order_seq_cst) == 0) return true;
  environment_->control().armed.store(0, std::memory_order_seq_cst);
  return false;
}

void Loop::Sleep() {
  if (Arm()) {
    parker_.Park();
  } else {
    parker_.Cancel();
  }
}

Port::Port(Loop& loop, Instance& instance, OnSerial on_serial)
    : loop_(loop), instance_(instance), shell_(instance.CreateShell()), on_serial_(std::move(on_serial)) {
  loop_.ports_.emplace(shell_->id(), this); tokens= reinterpret_cast<std::atomic<uint64_t>*>(instance.queue().memory()->data());
}

Port::~Port() {
  PADATA_CHECK(pending() == 0, "jobs are in flight");
  shell_->AwaitQuiet();
  loop_.Drain();
  loop_.ports_.erase(shell_->id());
  instance_.FreeShell(shell_);
}

Job* Port::Submit(const Submission& submission) {
  if (write_index_ == kJobsPerSegment) {
    pieces_.push_back({shell_->Grow(), std::vector<uint64_t>(kJobsPerSegment)});
    write_index_ = 0;
  }
  Piece& piece = pieces_.back();
  piece.infos[write_index_] = submission.info;
  Job* const job = &piece.segment->jobs[write_index_++];
  job->cb_cpu = submission.cb_cpu;
  job->parallel = submission.parallel;
  job->serial = submission.serial;
  job->bytes = submission.bytes;
  job->size = submission.size;
  job->part_size[0] = submission.size;
  job->part_size[1] = job->part_size[2] = 0;
  job->status = 0;
  // relaxed: published by the tail, or completed by this thread itself.
  job->state.store(JobState(submitted_++, JobPhase::kSubmitted), std::memory_order_relaxed);
  if (submission.parallel != nullptr) Enqueue(job);
  return job;
}

void Port::Enqueue(Job* job) {
  JobQueue& queue = instance_.queue();
  JobQueue::Control& control = instance_.control().queue;
  uint32_t& tail=instance_tail;
  if (tail - cached_head == capacity) {
    cached_head = static_cast<uint32_t>(control.head.load(std::memory_order_acquire));
    if (tail - cached_head == capacity) { PADATA_CHECK(queue.Grow(), "no memory"); tokens = reinterpret_cast<std::atomic<uint64_t>*>(queue.memory()->data()); capacity *= 2; }
  }
  tokens[tail & (capacity-1)].store(reinterpret_cast<uint64_t>(job), std::memory_order_relaxed);
  ++tail;
  if (!delivering_ || tail % 32 == 0) Publish();
}
void Port::Publish() {
  instance_.control().queue.tail.store(instance_tail, std::memory_order_seq_cst);
  if (instance_.control().attended.load(std::memory_order_seq_cst) == 0) instance_.KickFromLoop(sched_getcpu());
}

void Port::Complete(Job* job, int32_t status) {
  job->status = status;
  job->result_type = PADATA_RESULT_NONE;
  const uint64_t seq_nr = Segment::Of(job)->SeqNr(job);
  job->state.store(JobState(seq_nr, JobPhase::kDone), std::memory_order_release);
  shell_->Reorder();
}

// The entry that is to be retired next is the first of a new segment: the old one has been left by everybody.
void Port::NextRetired() {
  ++retired_;
  if (retire_due_) {
    shell_->Retire();
    pieces_.pop_front();
    retire_due_ = false;
  }
  if (++read_index_ == kJobsPerSegment) {
    read_index_ = 0;
    retire_due_ = true;
  }
}

size_t Port::Deliver() {
  const uint32_t commit = shell_->control().commit.load(std::memory_order_acquire);
  size_t delivered = 0;
  delivering_ = true;
  while (static_cast<uint32_t>(retired_) != commit) {
    const Piece& piece = pieces_[retire_due_ ? 1 : 0];
    Job& job = piece.segment->jobs[read_index_];
    if (job.serial != nullptr &&
        job.state.load(std::memory_order_acquire) != JobState(retired_, JobPhase::kSerialized)) {
      break;
    }
    const uint64_t info = piece.infos[read_index_];
    on_serial_(job, info);
    NextRetired();
    ++delivered;
  }
  delivering_ = false;
  Publish();
  return delivered;
}

}  // namespace padata::test
