#include "support/queue_writer.h"

#include <sched.h>

#include "core/check.h"

namespace padata::test {

QueueWriter::QueueWriter(Instance& instance)
    : instance_(instance),
      control_(instance.control()),
      tail_(control_.queue.tail.load(std::memory_order_relaxed)),  // our own
      head_(static_cast<uint32_t>(control_.queue.head.load(std::memory_order_acquire))) {
  UseRing();
}

void QueueWriter::UseRing() {
  const SharedMemory& memory = *instance_.queue().memory();
  tokens_ = reinterpret_cast<std::atomic<uint64_t>*>(memory.data());
  mask_ = static_cast<uint32_t>(memory.size() / sizeof(uint64_t)) - 1;
}

void QueueWriter::MakeRoom() {
  if (tail_ - head_ <= mask_) return;
  head_ = static_cast<uint32_t>(control_.queue.head.load(std::memory_order_acquire));
  if (tail_ - head_ <= mask_) return;
  Publish();  // growing copies what is published
  PADATA_CHECK(instance_.queue().Grow(), "no memory for a longer queue");
  UseRing();
}

void QueueWriter::Push(Job* job) {
  MakeRoom();
  tokens_[tail_ & mask_].store(reinterpret_cast<uint64_t>(job), std::memory_order_relaxed);
  ++tail_;
}

// Both accesses are sequentially consistent: a thread that goes to sleep takes itself off `attended`, then reads the tail.
void QueueWriter::Publish() {
  control_.queue.tail.store(tail_, std::memory_order_seq_cst);
  if (control_.attended.load(std::memory_order_seq_cst) == 0) instance_.KickFromLoop(sched_getcpu());
}

}  // namespace padata::test
