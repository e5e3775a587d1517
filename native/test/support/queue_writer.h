// The producer's side of an instance's queue, or of that of its isolates, as lib/internal/job-queue.ts has it.
//
// Threads: the environment. Everything it needs to begin lies in shared memory, so that one writer may follow another.
#ifndef PADATA_TEST_SUPPORT_QUEUE_WRITER_H_
#define PADATA_TEST_SUPPORT_QUEUE_WRITER_H_

#include <atomic>
#include <cstdint>

#include "core/instance.h"

namespace padata::test {

class QueueWriter {
 public:
  explicit QueueWriter(Instance& instance);
  QueueWriter(Instance& instance, IsolateGroup& isolates);
  QueueWriter(const QueueWriter&) = delete;
  QueueWriter& operator=(const QueueWriter&) = delete;

  // Appends the address of an entry; no thread sees it before Publish().
  void Push(Job* job);
  // Publishes what was pushed, and kicks if no thread attends.
  void Publish();

 private:
  void MakeRoom();
  void UseRing();

  QueueWriter(Instance& instance, IsolateGroup* isolates, JobQueue& queue, JobQueue::Control& control,
              std::atomic<uint32_t>& attended);

  Instance& instance_;
  IsolateGroup* const isolates_;  // nullptr: the instance's own queue
  JobQueue& queue_;
  JobQueue::Control& control_;
  std::atomic<uint32_t>& attended_;
  std::atomic<uint64_t>* tokens_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t tail_;
  uint32_t head_;  // as it was when it was read last: at or before the real one
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_QUEUE_WRITER_H_
