#include "support/loop.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace padata::test {

Loop::Loop() : environment_(new Environment([](void* arg) { static_cast<Parker*>(arg)->TryUnpark(); }, &parker_)) {}

Loop::~Loop() { environment_->Close(); }

std::shared_ptr<QueueWriter> Loop::WriterFor(Instance& instance) {
  std::weak_ptr<QueueWriter>& known = writers_[&instance];
  std::shared_ptr<QueueWriter> writer = known.lock();
  if (writer == nullptr) known = writer = std::make_shared<QueueWriter>(instance);
  return writer;
}

std::shared_ptr<QueueWriter> Loop::WriterFor(Instance& instance, IsolateGroup& isolates) {
  std::weak_ptr<QueueWriter>& known = isolates_writers_[&isolates];
  std::shared_ptr<QueueWriter> writer = known.lock();
  if (writer == nullptr) known = writer = std::make_shared<QueueWriter>(instance, isolates);
  return writer;
}

// Within a drain jobs are published in groups: each publication takes the cache line of the tail away from the threads.
void Loop::Submitted(QueueWriter& writer) {
  if (!is_draining_) return writer.Publish();
  if (std::find(dirty_.begin(), dirty_.end(), &writer) == dirty_.end()) dirty_.push_back(&writer);
}

void Loop::Flush() {
  for (QueueWriter* writer : dirty_) writer->Publish();
  dirty_.clear();
}

// Moves the shared list of ready shells to our own.
void Loop::Collect() {
  if (environment_->control().ready_head.load(std::memory_order_relaxed) == 0) return;
  uint32_t id = environment_->control().ready_head.exchange(0, std::memory_order_seq_cst);
  while (id != 0) {
    const Entry& entry = shells_.at(id);
    auto& control = *reinterpret_cast<Shell::Control*>(entry.control->data());
    id = control.ready_next.load(std::memory_order_relaxed);
    control.ready.exchange(0, std::memory_order_seq_cst);  // before `commit` is read, see Environment::Notify()
    if (entry.port != nullptr) ready_.push_back(entry.port);
  }
}

size_t Loop::Drain() {
  size_t delivered = 0;
  environment_->control().mt_done.store(0, std::memory_order_seq_cst);  // the caller looks at his jobs after that
  is_draining_ = true;
  while (true) {
    Collect();
    if (ready_.empty()) break;
    Port* const port = ready_.front();
    ready_.pop_front();
    const size_t count = port->Deliver(kGroup);
    if (count == kGroup) ready_.push_back(port);  // there may be more; the others come first
    Flush();
    delivered += count;
  }
  is_draining_ = false;
  return delivered;
}

// TellMasksChanged() ends a sleep, too, for those who have anything to tell.
bool Loop::Arm() {
  parker_.Prepare();
  environment_->control().armed.store(1, std::memory_order_seq_cst);
  const bool is_mt_done = environment_->control().mt_done.load(std::memory_order_seq_cst) != 0;
  const bool is_told = environment_->control().masks_changed.exchange(0, std::memory_order_seq_cst) != 0 || is_mt_done;
  if (!is_told && environment_->control().ready_head.load(std::memory_order_seq_cst) == 0) return true;
  environment_->control().armed.store(0, std::memory_order_seq_cst);
  return false;
}

void Loop::Sleep() {
  if (Arm()) {
    parker_.Park();
    environment_->SeenOn(sched_getcpu());
  } else {
    parker_.Cancel();
  }
}

Port::Port(Loop& loop, Instance& instance, OnSerial on_serial)
    : loop_(loop),
      instance_(instance),
      writer_(loop.WriterFor(instance)),
      shell_(instance.CreateShell()),
      on_serial_(std::move(on_serial)) {
  loop_.shells_.insert_or_assign(shell_->id(), Loop::Entry{this, shell_->control_memory()});
}

Port::~Port() {
  if (is_abandoned_) return;
  PADATA_CHECK(pending() == 0, "jobs are in flight");
  shell_->AwaitQuiet();
  Abandon();
  loop_.shells_.erase(shell_->id());
  instance_.FreeShell(shell_);
}

void Port::Abandon() {
  loop_.Collect();
  std::erase(loop_.ready_, this);
  loop_.shells_.at(shell_->id()).port = nullptr;
  is_abandoned_ = true;
}

Job* Port::NextEntry(uint64_t info) {
  if (write_index_ == kJobsPerSegment) {
    Segment* const segment = shell_->Grow();
    PADATA_CHECK(segment != nullptr, "no memory for more jobs");
    pieces_.push_back({segment, std::vector<uint64_t>(kJobsPerSegment)});
    write_index_ = 0;
  }
  Piece& piece = pieces_.back();
  piece.infos[write_index_] = info;
  return &piece.segment->jobs[write_index_++];
}

QueueWriter& Port::WriterOf(const Job& job) {
  if (!IsModule(job.parallel)) return *writer_;
  if (isolates_writer_ == nullptr) isolates_writer_ = loop_.WriterFor(instance_, *instance_.isolates());
  return *isolates_writer_;
}

Job* Port::Submit(const Submission& submission) {
  Job* const job = NextEntry(submission.info);
  job->cb_cpu = submission.cb_cpu;
  const auto tagged = [](uint32_t id) { return reinterpret_cast<NativeFunction*>(uintptr_t{id} << 1 | 1); };
  job->parallel = submission.module_parallel == 0 ? submission.parallel : tagged(submission.module_parallel);
  job->serial = submission.module_serial == 0 ? submission.serial : tagged(submission.module_serial);
  job->bytes = submission.bytes;
  job->size = submission.size;
  job->part_size[0] = submission.module_parallel == 0 ? submission.size : submission.room;
  job->result_type = submission.type;
  job->result.number = submission.number;
  job->part_size[1] = job->part_size[2] = 0;
  job->status = 0;
  // relaxed: published by the tail, or completed by this thread itself.
  job->state.store(JobState(submitted_++, JobPhase::kSubmitted), std::memory_order_relaxed);
  if (job->parallel == nullptr) return job;
  QueueWriter& writer = WriterOf(*job);
  writer.Push(job);
  loop_.Submitted(writer);
  return job;
}

void Port::Complete(Job* job, int32_t status) {
  job->status = status;
  job->result_type = PADATA_RESULT_NONE;
  const uint64_t seq_nr = Segment::Of(job)->SeqNr(job);
  job->state.store(JobState(seq_nr, JobPhase::kDone), std::memory_order_release);
  shell_->Reorder();
}

size_t Port::Deliver(size_t limit) {
  size_t count = 0;
  while (count < limit && DeliverOne()) ++count;
  return count;
}

// False if it is not the turn of the next job yet, or its native serial() has not returned.
bool Port::DeliverOne() {
  if (static_cast<uint32_t>(delivered_) == shell_->control().commit.load(std::memory_order_acquire)) return false;
  const Piece& piece = pieces_[retire_due_ ? 1 : 0];
  Job& job = piece.segment->jobs[read_index_];
  if (job.serial != nullptr &&
      job.state.load(std::memory_order_acquire) != JobState(delivered_, JobPhase::kSerialized)) {
    return false;
  }
  const uint64_t info = piece.infos[read_index_];
  on_serial_(job, info);
  Advance();
  return true;
}

// The entry that is delivered next is the first of a new segment: the old one has been left by everybody.
void Port::Advance() {
  ++delivered_;
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

}  // namespace padata::test
