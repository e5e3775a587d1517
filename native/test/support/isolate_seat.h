// An isolate's thread that does what a test says, one step after the other: several of them, and the test's own thread as their environment,
// make any interleaving.
#ifndef PADATA_TEST_SUPPORT_ISOLATE_SEAT_H_
#define PADATA_TEST_SUPPORT_ISOLATE_SEAT_H_

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/instance.h"
#include "support/isolate_steps.h"

namespace padata::test {

class IsolateSeat {
 public:
  IsolateSeat(Instance& instance, int cpu, size_t arena_bytes = 64 * 1024);
  ~IsolateSeat();  // the thread ends, and the isolate is abandoned, if that has not been done
  IsolateSeat(const IsolateSeat&) = delete;
  IsolateSeat& operator=(const IsolateSeat&) = delete;

  // Runs step(steps) on the isolate's thread, and returns what it returns.
  template <typename Step>
  auto Do(Step step) {
    if constexpr (std::is_void_v<decltype(step(std::declval<IsolateSteps&>()))>) {
      Run([&] { step(steps_); });
    } else {
      decltype(step(steps_)) returned{};
      Run([&] { returned = step(steps_); });
      return returned;
    }
  }
  std::vector<uint32_t> Turn(uint32_t limit = Isolate::kSlots) {
    return Do([limit](IsolateSteps& steps) { return steps.Turn(limit); });
  }
  bool Begin(uint32_t slot) {
    return Do([slot](IsolateSteps& steps) { return steps.Begin(slot); });
  }
  void Finish(uint32_t slot, const IsolateSteps::Output& output = {}) {
    Do([&](IsolateSteps& steps) { steps.Finish(slot, output); });
  }
  // One job from its claim to its completion; false if there was none.
  bool RunOne();

  // The thread ends as that of a worker that dies.
  void Die();
  // Environment: that, and what follows from it.
  std::vector<Isolate::Died> Abandon();

  int wakes() const { return wakes_.load(); }
  Isolate& isolate() { return *isolate_; }
  pid_t tid() const { return tid_; }

 private:
  void Run(std::function<void()> step);
  void Main();

  const RefPtr<Instance> instance_;
  const RefPtr<Isolate> isolate_;
  IsolateSteps steps_;
  std::atomic<int> wakes_{0};
  std::function<void()> step_;      // empty: end
  std::atomic<uint32_t> turns_{0};  // odd: the step is the thread's
  bool is_abandoned_ = false;
  pid_t tid_ = 0;
  std::thread thread_;
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_ISOLATE_SEAT_H_
