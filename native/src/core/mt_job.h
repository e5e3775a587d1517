// A multithreaded job: one range of units, split into chunks that threads take until none is left.
//
// Threads.
//   any that has joined the job (MtQueue::Join)   Claim(), Complete(), RunChunk()
//   any                                           Stop(), the rest
// Ownership. Counted: the environment that started it, the queue of its instance, and each thread that has joined it. The function
// belongs to the environment. The memory of `arg` is the starter's: he keeps it until IsDone(), after which nothing touches it.
//
//   handing out chunks -> none left, or stopped (Stop(), a chunk that failed) -> all threads have left: done
//
// A chunk is claimed by adding one to a counter. Relaxed: who joins and leaves does so under the queue's lock, and what
// threads write in their chunks is ordered for whoever sees the job done.
//
// Lanes. A lane is a part of the range with a counter of its own. Without placement there is one for each thread that is expected: each thread begins
// with another one, since memory is read faster from one end to the other than in pieces, and then helps with the rest. Where the job says
// which units lie in the memory of which NUMA node, each such part is a lane, and a thread takes chunks of the lanes of its node first.
#ifndef PADATA_CORE_MT_JOB_H_
#define PADATA_CORE_MT_JOB_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/function.h"
#include "core/mt_plan.h"
#include "core/numa_nodes.h"
#include "core/ref.h"
#include "core/sync.h"

namespace padata {

// Where a thread looks for chunks first.
struct MtSeat {
  int node = NumaNodes::kNone;
  size_t lane = 0;
};

// Units that lie in the memory of a node.
struct MtPlacement {
  MtRange units;
  int node;
};

struct MtDescription {
  MtRequest request = {};
  const NativeFunction* function = nullptr;  // of PADATA_KIND_RANGE
  uint8_t* arg = nullptr;
  size_t arg_size = 0;
  std::vector<padata_part> parts = {};  // if there are any they are the arg

  bool is_numa_aware = false;               // threads are spread over `nodes`
  NumaNodes nodes = {};                     // only looked at for is_numa_aware and `placement`
  std::vector<MtPlacement> placement = {};  // ascending, no overlaps; what is in none of them is near nobody

  uint64_t threads = 1;     // that are expected to take part, a hint
  bool has_caller = false;  // the thread that starts it takes part, and waits
  int starter_cpu = -1;     // where that thread runs, -1 if it is not known: others are preferred for helpers
};

class MtJob : public RefCounted<MtJob> {
 public:
  struct Failure {
    int32_t status;  // a negative errno
    MtRange units;
  };

  struct Chunk {
    MtRange units;
    size_t lane;
  };

  explicit MtJob(MtDescription description);

  // Takes a chunk; none if there is none left or the job was stopped.
  std::optional<Chunk> Claim(const MtSeat& seat);
  // The chunk was done: 0, or a negative errno, after which no chunk is handed out any more.
  void Complete(const Chunk& chunk, int32_t status);
  // Both, with a call of the native function in between. False if there was no chunk.
  bool RunChunk(const MtSeat& seat);

  // No chunk is handed out any more; those that run end.
  void Stop() { is_stopped_.store(true, std::memory_order_relaxed); }
  // Whether Claim() would give one, as far as can be seen from here.
  bool HasChunks() const;
  // Units of chunks that are complete.
  uint64_t units_done() const;
  // In the order in which they came. Complete when the job is done.
  std::vector<Failure> failures() const PADATA_EXCLUDES(failures_mutex_);

  // MtQueue: the last thread has left.
  void Finish() { done_.Set(); }
  bool IsDone() const { return done_.IsSet(); }
  // Waits until it is done: spins briefly, then sleeps. False when the time is up.
  bool AwaitDone(uint64_t timeout_ns);

  // Environment. Whether the caller still counts as one that has joined; true once.
  bool TakeCallerOut() { return std::exchange(is_caller_in_, false); }
  bool is_caller_in() const { return is_caller_in_; }

  const MtPlan& plan() const { return plan_; }
  const MtDescription& description() const { return description_; }
  // The seat of a thread on `cpu`.
  MtSeat SeatOf(int cpu) const;

 private:
  friend class RefCounted<MtJob>;
  ~MtJob() = default;

  // The chunks [next, end) of a part of the range, near one node. Most of the time one thread works on a lane, so what it counts lies there.
  struct alignas(64) Lane {
    std::atomic<uint64_t> next{0};
    std::atomic<uint64_t> units_done{0};
    uint64_t end = 0;
    int node = NumaNodes::kNone;
  };
  struct Bounds {
    uint64_t end;
    int node;
  };
  static constexpr uint64_t kSpinNs = 20'000;

  std::vector<Bounds> Divide() const;
  std::vector<Bounds> DivideByPlacement() const;
  std::vector<Bounds> DivideByThreads() const;
  std::optional<Chunk> ClaimIn(size_t lane);
  int32_t Call(const MtRange& units);

  MtDescription description_;  // never changed
  const MtPlan plan_;
  std::vector<Lane> lanes_;  // ascending; the size never changes
  bool is_caller_in_;        // environment
  std::atomic<bool> is_stopped_{false};
  mutable Mutex failures_mutex_;
  std::vector<Failure> failures_ PADATA_GUARDED_BY(failures_mutex_);
  Event done_;
};

}  // namespace padata

#endif  // PADATA_CORE_MT_JOB_H_
