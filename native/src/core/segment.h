// Job entries come in segments. A shell is a chain of segments in submission order, so that "the next job" is the next
// entry: the order needs no index, no links and no comparison.
//
// Threads. The environment appends segments and takes retired ones back; parallel threads only follow addresses of jobs;
// the reorder engine follows `next`.
// Ownership. Segments belong to a pool of the process and are never unmapped: a late padata_ticket may still point into
// one, finds another state there, and is refused. What is free beyond kKeptSegments gives its pages back.
#ifndef PADATA_CORE_SEGMENT_H_
#define PADATA_CORE_SEGMENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/job.h"

namespace padata {

class Shell;

inline constexpr size_t kSegmentBytes = 16384;  // also its alignment
inline constexpr uint32_t kJobsPerSegment = kSegmentBytes / sizeof(Job) - 1;

struct alignas(kSegmentBytes) Segment {
  struct alignas(64) Header {
    std::atomic<Shell*> shell;
    // Set with release when the environment has prepared the next segment; the reorder engine reads it with acquire.
    std::atomic<Segment*> next;
    std::atomic<uint64_t> base_seq_nr;  // of jobs[0]
    std::atomic<uint64_t> use;  // differs from one AcquireSegment() to the next, so that tickets tell uses apart
  };

  Header header;
  Job jobs[kJobsPerSegment];

  static Segment* Of(const Job* job) {
    return reinterpret_cast<Segment*>(reinterpret_cast<uintptr_t>(job) & ~(uintptr_t{kSegmentBytes} - 1));
  }
  // Position of a job of this segment in the order of its shell.
  uint64_t SeqNr(const Job* job) const {
    return header.base_seq_nr.load(std::memory_order_relaxed) + static_cast<uint64_t>(job - jobs);
  }
};

static_assert(sizeof(Segment) == kSegmentBytes);

// Any thread. A segment for `shell` whose first job has position `base_seq_nr`, every entry kFree; nullptr without memory.
Segment* AcquireSegment(Shell* shell, uint64_t base_seq_nr);

// Any thread. Gives it back; no job of it may be in flight.
void ReleaseSegment(Segment* segment);

}  // namespace padata

#endif  // PADATA_CORE_SEGMENT_H_
