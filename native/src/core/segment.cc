#include "core/segment.h"

#include <sys/mman.h>

#include <vector>

#include "core/sync.h"

namespace padata {
namespace {

constexpr size_t kSegmentsPerMapping = 64;  // 1 MiB at a time
constexpr size_t kKeptSegments = 1024;      // free segments that keep their pages: 16 MiB

class SegmentPool {
 public:
  Segment* Take() PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (free_.empty() && !Map()) return nullptr;
    Segment* segment = free_.back();
    free_.pop_back();
    segment->header.use.store(++uses_, std::memory_order_relaxed);
    return segment;
  }

  void Give(Segment* segment) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (free_.size() >= kKeptSegments) {
      madvise(segment, kSegmentBytes, MADV_DONTNEED);
      free_.insert(free_.begin(), segment);  // used last
    } else {
      free_.push_back(segment);
    }
  }

 private:
  bool Map() PADATA_REQUIRES(mutex_) {
    constexpr size_t bytes = (kSegmentsPerMapping + 1) * kSegmentBytes;  // one more, for the alignment
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    const uintptr_t start = (reinterpret_cast<uintptr_t>(memory) + kSegmentBytes - 1) & ~(uintptr_t{kSegmentBytes} - 1);
    for (size_t i = kSegmentsPerMapping; i-- > 0;)
      free_.push_back(reinterpret_cast<Segment*>(start + i * kSegmentBytes));
    return true;
  }

  Mutex mutex_;
  std::vector<Segment*> free_ PADATA_GUARDED_BY(mutex_);
  uint64_t uses_ PADATA_GUARDED_BY(mutex_) = 0;
};

SegmentPool& Pool() {
  static auto* pool = new SegmentPool;  // never destroyed: threads outlive static destructors
  return *pool;
}

}  // namespace

Segment* AcquireSegment(Shell* shell, uint64_t base_seq_nr) {
  Segment* segment = Pool().Take();
  if (segment == nullptr) return nullptr;
  for (Job& job : segment->jobs) job.state.store(0, std::memory_order_relaxed);
  segment->header.shell.store(shell, std::memory_order_relaxed);
  segment->header.next.store(nullptr, std::memory_order_relaxed);
  segment->header.base_seq_nr.store(base_seq_nr, std::memory_order_relaxed);
  return segment;
}

void ReleaseSegment(Segment* segment) { Pool().Give(segment); }

}  // namespace padata
