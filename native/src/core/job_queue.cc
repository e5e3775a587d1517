#include "core/job_queue.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace padata {

JobQueue::JobQueue(Control& control) : control_(control) {
  RefPtr<SharedMemory> memory = SharedMemory::Allocate(kInitialCapacity * sizeof(Token));
  PADATA_CHECK(memory, "no memory for an instance");
  control_.cost_ns.store(kUnknownCostNs, std::memory_order_relaxed);
  Publish(std::move(memory));
}

void JobQueue::Publish(RefPtr<SharedMemory> memory) {
  const auto capacity = static_cast<uint32_t>(memory->size() / sizeof(Token));
  headers_.push_back(std::make_unique<const Ring>(Ring{reinterpret_cast<Token*>(memory->data()), capacity - 1}));
  rings_.push_back(std::move(memory));
  ring_.store(headers_.back().get(), std::memory_order_release);
}

const RefPtr<SharedMemory>& JobQueue::Grow() {
  static const RefPtr<SharedMemory> none;
  const Ring& old = *headers_.back();
  RefPtr<SharedMemory> memory = SharedMemory::Allocate(2 * rings_.back()->size());
  if (!memory) return none;
  auto* tokens = reinterpret_cast<Token*>(memory->data());
  const uint32_t mask = 2 * old.mask + 1;
  const uint32_t tail = control_.tail.load(std::memory_order_relaxed);  // our own
  for (uint32_t position = tail - old.mask - 1; position != tail; ++position) {
    tokens[position & mask].store(old.tokens[position & old.mask].load(std::memory_order_relaxed),
                                  std::memory_order_relaxed);
  }
  Publish(std::move(memory));
  return rings_.back();
}

JobQueue::Claimed JobQueue::Claim(std::span<Job*> batch) {
  if (returned_count_.load(std::memory_order_relaxed) != 0) {
    if (const Claimed claimed = ClaimReturned(batch); claimed.count != 0) return claimed;
  }
  // acquire, here and where the swap fails: whoever moved the head had read a tail at or behind it, and so do we then. A tail
  // from before the head would make the difference wrap.
  uint64_t head = control_.head.load(std::memory_order_acquire);
  while (true) {
    const uint32_t waiting = control_.tail.load(std::memory_order_acquire) - static_cast<uint32_t>(head);
    if (waiting == 0) return {0, head};
    const size_t count = std::min<size_t>(waiting, batch.size());
    const Ring& ring = *ring_.load(std::memory_order_acquire);
    for (size_t i = 0; i < count; ++i) {
      batch[i] = reinterpret_cast<Job*>(ring.tokens[(head + i) & ring.mask].load(std::memory_order_relaxed));
    }
    if (control_.head.compare_exchange_strong(head, head + count, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
      return {count, head};
    }
  }
}

JobQueue::Claimed JobQueue::ClaimReturned(std::span<Job*> batch) {
  MutexLock lock(returned_mutex_);
  const uint64_t first = returned_.empty() ? 0 : returned_.front().position;
  const size_t most = std::min(returned_.size(), batch.size());
  size_t count = 0;
  for (; count < most && returned_[count].position == first + count; ++count) batch[count] = returned_[count].job;
  returned_.erase(returned_.begin(), returned_.begin() + static_cast<ptrdiff_t>(count));
  returned_count_.store(static_cast<uint32_t>(returned_.size()), std::memory_order_relaxed);
  return {count, first};
}

void JobQueue::GiveBack(std::span<const Returned> jobs) {
  MutexLock lock(returned_mutex_);
  returned_.insert(returned_.end(), jobs.begin(), jobs.end());
  std::ranges::sort(returned_, {}, &Returned::position);
  // seq_cst: a thread that is about to sleep must see it, see Backlog().
  returned_count_.store(static_cast<uint32_t>(returned_.size()), std::memory_order_seq_cst);
}

uint32_t JobQueue::Backlog() const {
  const auto head = static_cast<uint32_t>(control_.head.load(std::memory_order_relaxed));
  return control_.tail.load(std::memory_order_seq_cst) - head + returned_count_.load(std::memory_order_seq_cst);
}

bool JobQueue::IsStuck() {
  const uint64_t head = control_.head.load(std::memory_order_relaxed);
  const bool has_moved = std::exchange(seen_head_, head) != head;
  return Backlog() != 0 && (!has_moved || returned_count_.load(std::memory_order_relaxed) != 0);
}

void JobQueue::Measured(size_t jobs, uint64_t ns) {
  // A thread that was preempted has measured somebody else's time as well: one batch at most doubles the figure, and the next
  // one takes it down again. Threads may overwrite each other's steps: it is only a statistic.
  const uint64_t now = std::min<uint64_t>(ns / jobs, 1'000'000'000);
  const uint64_t before = cost_ns();
  const uint64_t next = now < before ? (before + 3 * now) / 4 : std::min(now, 2 * before + 1);
  control_.cost_ns.store(static_cast<uint32_t>(next), std::memory_order_relaxed);
}

}  // namespace padata
