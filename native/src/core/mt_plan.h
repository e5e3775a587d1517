// The kernel's rules for multithreaded jobs: how many workers one is worth, how large its chunks are, and where each begins and
// ends (padata_do_multithreaded(); document of May 2020, "Running Multithreaded Jobs"). Nothing but arithmetic.
//
// Threads: a plain value.
// Units are those of the job. Every quantity is below 2^53, and so is start + size: then nothing here overflows.
#ifndef PADATA_CORE_MT_PLAN_H_
#define PADATA_CORE_MT_PLAN_H_

#include <cstdint>

namespace padata {

// What the caller of a multithreaded job asks for; fields as in struct padata_mt_job.
struct MtRequest {
  uint64_t start = 0;
  uint64_t size = 0;
  uint64_t align = 1;        // from 1 on
  uint64_t min_chunk = 1;    // from 1 on
  uint64_t max_threads = 1;  // from 1 on
};

// The units [start, end).
struct MtRange {
  uint64_t start;
  uint64_t end;
  bool operator==(const MtRange&) const = default;
};

// Chunks are numbered from 0 on, in ascending order of their units. Together they are the whole range.
class MtPlan {
 public:
  // So many chunks for each worker: threads finish at different times, and who is early takes over from who is late.
  static constexpr uint64_t kLoadBalanceFactor = 4;

  explicit MtPlan(const MtRequest& request);

  // How many threads may work on the job at the same time; 0 for a range of size 0. One worker does everything in one chunk.
  uint64_t workers() const { return workers_; }
  // In units. A multiple of `align`, unless there is only one worker.
  uint64_t chunk_size() const { return chunk_size_; }
  uint64_t chunks() const { return chunks_; }
  // Every chunk but the last ends at a multiple of the chunk size, so that the first one and the last one may be shorter.
  MtRange Chunk(uint64_t index) const;
  // The chunk that a unit of the range is in.
  uint64_t ChunkOf(uint64_t unit) const;

 private:
  const MtRange range_;
  const uint64_t workers_;
  const uint64_t chunk_size_;
  const uint64_t first_;  // which multiple of the chunk size the first chunk ends before
  const uint64_t chunks_;
};

}  // namespace padata

#endif  // PADATA_CORE_MT_PLAN_H_
