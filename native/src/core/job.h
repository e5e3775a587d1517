// One unit of ordered work, as it lies in memory that the environment (JavaScript, or a test in C++) and the threads
// share. The environment writes an entry and publishes its address; from then on the entry belongs to
//   the parallel thread that claimed it  ->  whoever completes it  ->  the reorder engine  ->  [the serial thread of cb_cpu]
// and after its serial() to the environment again.
//
//   kFree -> kSubmitted -> [kOutstanding -> kFinishing] -> kDone -> [kSerialized]
//   of a module function: kSubmitted <-> kOutstanding -> kDone; or kSubmitted -> kWithdrawn -> kDone
//
// The offsets are a contract with lib/internal/layout.ts.
#ifndef PADATA_CORE_JOB_H_
#define PADATA_CORE_JOB_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "padata.h"

namespace padata {

class NativeFunction;

// The low bits of Job::state. The rest is the low part of the job's seq_nr, so that a state that is left over from an
// earlier use of the entry is never mistaken for the present one.
enum class JobPhase : uint32_t {
  kFree = 0,
  kSubmitted = 1,  // accepted; parallel() has not completed it
  kOutstanding =
      2,  // parallel() of a function that may leave work outstanding has begun; do_serial() may come. Or: an isolate has claimed it
  kFinishing = 3,   // somebody is writing the result
  kDone = 4,        // complete, waits for its turn or has had it
  kSerialized = 5,  // native serial() has returned
  kWithdrawn = 6,   // the environment does not want it any more; whoever claims it completes it with -ECANCELED
};
inline constexpr uint32_t kJobPhaseBits = 3;

inline constexpr uint32_t JobState(uint64_t seq_nr, JobPhase phase) {
  return (static_cast<uint32_t>(seq_nr) << kJobPhaseBits) | static_cast<uint32_t>(phase);
}

// A module function is not called by the core: in the place of a NativeFunction its jobs have the function's id, tagged as no pointer can be.
inline bool IsModule(const NativeFunction* function) { return (reinterpret_cast<uintptr_t>(function) & 1) != 0; }
inline uint32_t ModuleId(const NativeFunction* function) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(function) >> 1);
}

// Results of module functions have further types, see lib/module/values.ts. Those that the core has to know:
inline constexpr uint32_t kConstantResult = 6;  // null, false, true: a number
inline constexpr uint32_t kStatusInput =
    15;  // of a serial(): parallel() was native and ended with an errno, which is the number
inline constexpr uint32_t kOwnMemory =
    16;  // a bit besides the type: the bytes of the result have memory of their own, see StoreModuleBytes()

struct alignas(64) Job {
  std::atomic<uint32_t> state;
  int32_t cb_cpu;
  NativeFunction* parallel;  // nullptr: a closure, run by the environment
  NativeFunction* serial;    // nullptr: a closure, run by the environment
  uint8_t* bytes;            // the input, in a slab; nullptr for none
  uint32_t size;             // of the input
  // Valid if `size` is not 0. Module functions: [0] is the room for the result from `bytes` on; [1] and [2] are the time of submission, a
  // double, or with kOwnMemory the SharedMemory of the result.
  uint32_t part_size[PADATA_MAX_PARTS];
  int32_t status;  // 0 or a negative errno; written by whoever completes the job
  uint32_t
      result_type;  // enum padata_result_type; likewise. Of a module function's job that is not done: the type of its input
  union {
    double number;
    struct {
      int32_t offset;  // of the first byte of the result, from `bytes`
      uint32_t size;
    } range;
  } result;
};

static_assert(sizeof(Job) == 64, "one cache line");
static_assert(offsetof(Job, cb_cpu) == 4 && offsetof(Job, parallel) == 8 && offsetof(Job, serial) == 16);
static_assert(offsetof(Job, bytes) == 24 && offsetof(Job, size) == 32 && offsetof(Job, part_size) == 36);
static_assert(offsetof(Job, status) == 48 && offsetof(Job, result_type) == 52 && offsetof(Job, result) == 56);

}  // namespace padata

#endif  // PADATA_CORE_JOB_H_
