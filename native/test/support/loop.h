// The environment's part of the mechanism in C++, for tests and benchmarks of the core: what lib/internal does in TypeScript.
// A Loop is an event loop that can sleep and be woken; a Port submits the jobs of one shell and calls serial() in order.
//
// Threads: all of it belongs to the thread that made the Loop.
#ifndef PADATA_TEST_SUPPORT_LOOP_H_
#define PADATA_TEST_SUPPORT_LOOP_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "core/environment.h"
#include "core/instance.h"
#include "core/segment.h"
#include "core/shell.h"

namespace padata::test {

class Port;

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Environment& environment() { return *environment_; }

  // Calls serial() for all jobs whose turn it is; returns how many.
  size_t Drain();
  // Sleeps until there may be something to drain.
  void Sleep();
  // Drains until `done()`.
  template <typename Predicate>
  void RunUntil(Predicate done) {
    while (!done()) {
      if (Drain() == 0) Sleep();
    }
  }

 private:
  friend class Port;
  bool Arm();

  Parker parker_;
  RefPtr<Environment> environment_;
  std::unordered_map<uint32_t, Port*> ports_;  // by id of the shell
};

// What a test wants to submit.
struct Submission {
  NativeFunction* parallel = nullptr;  // nullptr: a closure, see Port::Complete()
  NativeFunction* serial = nullptr;    // nullptr: on_serial is called
  int cb_cpu = 0;
  uint8_t* bytes = nullptr;
  uint32_t size = 0;
  uint64_t info = 0;  // handed to on_serial
};

class Port {
 public:
  // Called for each job in its turn, also for those with a native serial(), after it.
  using OnSerial = std::function<void(Job& job, uint64_t info)>;

  Port(Loop& loop, Instance& instance, OnSerial on_serial);
  ~Port();  // all jobs must have been retired
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // Returns the entry; a closure's parallel() is the caller's business.
  Job* Submit(const Submission& submission);
  // doSerial() for a closure.
  void Complete(Job* job, int32_t status = 0);

  uint64_t submitted() const { return submitted_; }
  uint64_t retired() const { return retired_; }
  uint64_t pending() const { return submitted_ - retired_; }
  Shell& shell() { return *shell_; }

 private:
  friend class Loop;
  struct Piece {  // a segment, with what belongs to its jobs on this side
    Segment* segment;
    std::vector<uint64_t> infos;
  };

  void Enqueue(Job* job);
  void Publish();
  size_t Deliver();
  void NextRetired();

  Loop& loop_;
  Instance& instance_;
  Shell* const shell_;
  const OnSerial on_serial_;
  std::deque<Piece> pieces_;  // oldest first
  bool delivering_ = false;
  uint64_t submitted_ = 0;
  uint64_t retired_ = 0;
  uint32_t write_index_ = kJobsPerSegment;
  uint32_t read_index_ = 0;
  bool retire_due_ = false;  // the oldest segment is through, its successor is not begun
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_LOOP_H_
