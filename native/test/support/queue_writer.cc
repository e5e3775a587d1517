#include "support/queue_writer.h"

#include <sched.h>

#include "core/check.h"

namespace padata::test {

QueueWriter::QueueWriter(Instance& instance, IsolateGroup* isolates, JobQueue& queue, JobQueue::Control& control,
                         std::atomic<uint32_t>& attended)
    : instance_(instance),
      isolates_(isolates),
      queue_(queue),
      control_(control),
      attended_(attended),
      tail_(control_.tail.load(std::memory_order_relaxed)),  // our own
      head_(static_cast<uint32_t>(control_.head.load(std::memory_order_acquire))) {
  UseRing();
}

QueueWriter::QueueWriter(Instance& instance)
    : QueueWriter(instance, nullptr, instance.queue(), instance.control().queue, instance.control().attended) {}

QueueWriter::QueueWriter(Instance& instance, IsolateGroup& isolates)
    : QueueWriter(instance, &isolates, isolates.queue(), isolates.control().queue, isolates.control().attended) {}

void QueueWriter::UseRing() {
  const SharedMemory& memory = *queue_.memory();
  tokens_ = reinterpret_cast<std::atomic<uint64_t>*>(memory.data());
  mask_ = static_cast<uint32_t>(memory.size() / sizeof(uint64_t)) - 1;
}

void QueueWriter::MakeRoom() {
  if (tail_ - head_ <= mask_) return;
  head_ = static_cast<uint32_t>(control_.head.load(std::memory_order_acquire));
  if (tail_ - head_ <= mask_) return;
  Publish();  // growing copies what is published
  PADATA_CHECK(queue_.Grow(), "no memory for a longer queue");
  UseRing();
}

void QueueWriter::Push(Job* job) {
  MakeRoom();
  tokens_[tail_ & mask_].store(reinterpret_cast<uint64_t>(job), std::memory_order_relaxed);
  ++tail_;
}

// Both accesses are sequentially consistent: a thread that goes to sleep takes itself off `attended`, then reads the tail.
void QueueWriter::Publish() {
  control_.tail.store(tail_, std::memory_order_seq_cst);
  if (attended_.load(std::memory_order_seq_cst) != 0) return;
  if (isolates_ == nullptr) return instance_.KickFromLoop(sched_getcpu());
  instance_.environment().SeenOn(sched_getcpu());
  isolates_->Kick(sched_getcpu());
}

}  // namespace padata::test
