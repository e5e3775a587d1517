// An isolate in C++ that runs by itself: rounds, jobs that are asynchronous, batches that are given back, and deaths, as
// lib/module/isolate-main.ts has them.
#ifndef PADATA_TEST_SUPPORT_ISOLATE_THREAD_H_
#define PADATA_TEST_SUPPORT_ISOLATE_THREAD_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "core/instance.h"
#include "support/isolate_steps.h"

namespace padata::test {

class IsolateThread {
 public:
  // What happens on the isolate's thread; `cpu` is the isolate's.
  struct Functions {
    // Just before a job may begin; what it returns is handed to call().
    std::function<uint64_t(int cpu)> before;
    // The module function. False: the isolate dies of it. `is_async`: it is finished some rounds later.
    std::function<bool(const IsolateSteps::Input&, int cpu, uint64_t before, IsolateSteps::Output*, bool* is_async)>
        call;
    // An asynchronous one is about to be finished, or a synchronous one has returned.
    std::function<void(const IsolateSteps::Input&)> returned;
  };

  // Environment. `places`: how many jobs may run at once. The thread ends when it dies, or was killed, and tells so by TellMasksChanged().
  IsolateThread(Instance& instance, int cpu, uint32_t places, const Functions& functions);
  ~IsolateThread();  // has been abandoned
  IsolateThread(const IsolateThread&) = delete;
  IsolateThread& operator=(const IsolateThread&) = delete;

  // Environment: it ends before its next step.
  void Kill();
  bool HasEnded() const { return has_ended_.load(std::memory_order_acquire); }
  // Environment, when it has ended, or after Kill(): waits for that.
  std::vector<Isolate::Died> Abandon();

  Isolate& isolate() { return *isolate_; }
  int cpu() const { return cpu_; }

 private:
  struct Running {
    uint32_t slot;
    IsolateSteps::Input input;
    IsolateSteps::Output output;
  };

  void Main();
  bool Round();
  bool BeginOne(uint32_t slot);
  void GiveBackRest();
  void FinishOne();
  bool IsKilled() const { return is_killed_.load(std::memory_order_relaxed); }

  const RefPtr<Instance> instance_;
  const int cpu_;
  const uint32_t places_;
  const Functions& functions_;
  const RefPtr<Isolate> isolate_;
  std::atomic<uint32_t> wakes_{0};
  std::atomic<bool> is_killed_{false};
  std::atomic<bool> has_ended_{false};

  // The isolate's thread.
  IsolateSteps steps_;
  std::deque<uint32_t> local_;  // claimed, not begun
  std::deque<Running> running_;
  bool has_died_ = false;

  std::thread thread_;
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_ISOLATE_THREAD_H_
