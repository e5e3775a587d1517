// The environment's part of the mechanism in C++, for tests and benchmarks of the core: what lib/internal does in TypeScript.
// A Loop is an event loop that can sleep and be woken; a Port submits the jobs of one shell and has serial() called in order.
// Several loops, each on a thread of its own, several instances and several ports are all independent of each other.
//
// Threads: all of it belongs to the thread that made the Loop.
// Ownership: the caller keeps an instance alive as long as it has ports.
#ifndef PADATA_TEST_SUPPORT_LOOP_H_
#define PADATA_TEST_SUPPORT_LOOP_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/environment.h"
#include "core/instance.h"
#include "core/segment.h"
#include "core/shell.h"
#include "support/queue_writer.h"

namespace padata::test {

class Port;

class Loop {
 public:
  Loop();
  ~Loop();  // the environment's event loop ends; threads may still hold the environment
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
      if (Drain() == 0 && !done()) Sleep();
    }
  }

 private:
  friend class Port;
  static constexpr size_t kGroup =
      32;  // jobs that are submitted by serial() callbacks are published in groups of so many

  // What the ready list needs of a shell, also when the port is gone and threads still complete jobs.
  struct Entry {
    Port* port;  // nullptr: abandoned
    RefPtr<SharedMemory> control;
  };

  std::shared_ptr<QueueWriter> WriterFor(Instance& instance);
  std::shared_ptr<QueueWriter> WriterFor(Instance& instance, IsolateGroup& isolates);
  void Submitted(QueueWriter& writer);
  void Flush();
  void Collect();
  bool Arm();

  Parker parker_;
  RefPtr<Environment> environment_;
  std::unordered_map<uint32_t, Entry> shells_;  // by id
  std::unordered_map<Instance*, std::weak_ptr<QueueWriter>> writers_;
  std::unordered_map<IsolateGroup*, std::weak_ptr<QueueWriter>> isolates_writers_;
  std::deque<Port*> ready_;
  std::vector<QueueWriter*> dirty_;  // writers that hold jobs back
  bool is_draining_ = false;
};

// What a test wants to submit.
struct Submission {
  NativeFunction* parallel = nullptr;  // nullptr: a closure, see Port::Complete()
  NativeFunction* serial = nullptr;    // nullptr: on_serial is called; otherwise after SerialThread::Ensure(cb_cpu)
  int cb_cpu = 0;
  uint8_t* bytes = nullptr;
  uint32_t size = 0;
  uint64_t info = 0;  // handed to on_serial
  // Module functions, by their ids, in the place of the native ones: after Instance::MakeIsolates().
  uint32_t module_parallel = 0;
  uint32_t module_serial = 0;
  uint32_t type = 0;  // of the input, for these
  double number = 0;  // the input, if it is one
  uint32_t room = 0;  // for the result, from `bytes` on
};

class Port {
 public:
  // Called for each job in its turn, also for those with a native serial(), after it. May submit, set masks, make other ports.
  using OnSerial = std::function<void(Job& job, uint64_t info)>;

  Port(Loop& loop, Instance& instance, OnSerial on_serial);
  ~Port();  // all jobs have been delivered, or Abandon() was called
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // Returns the entry; a closure's parallel() is the caller's business.
  Job* Submit(const Submission& submission);
  // doSerial() for a closure.
  void Complete(Job* job, int32_t status = 0);
  // The instance has been closed; what is in flight is never delivered. The shell goes with its instance.
  void Abandon();

  uint64_t submitted() const { return submitted_; }
  uint64_t delivered() const { return delivered_; }
  uint64_t pending() const { return submitted_ - delivered_; }
  Shell& shell() { return *shell_; }

 private:
  friend class Loop;
  struct Piece {  // a segment, with what belongs to its jobs on this side
    Segment* segment;
    std::vector<uint64_t> infos;
  };

  Job* NextEntry(uint64_t info);
  QueueWriter& WriterOf(const Job& job);
  size_t Deliver(size_t limit);
  bool DeliverOne();
  void Advance();

  Loop& loop_;
  Instance& instance_;
  const std::shared_ptr<QueueWriter> writer_;
  std::shared_ptr<QueueWriter> isolates_writer_;  // made when it is needed
  Shell* const shell_;
  const OnSerial on_serial_;
  std::deque<Piece> pieces_;  // oldest first
  uint64_t submitted_ = 0;
  uint64_t delivered_ = 0;
  uint32_t write_index_ = kJobsPerSegment;
  uint32_t read_index_ = 0;
  bool retire_due_ = false;  // the oldest segment is through, its successor is not begun
  bool is_abandoned_ = false;
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_LOOP_H_
