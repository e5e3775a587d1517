// An event loop with one instance, native functions for it, and gates for jobs to wait at: what most tests of the core
// begin with.
#ifndef PADATA_TEST_SUPPORT_ENGINE_H_
#define PADATA_TEST_SUPPORT_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/instance.h"
#include "support/loop.h"

namespace padata::test {

// The CPUs that this process may use, and the first two of them. Where there is one only, SecondCpu() is the first.
const CpuMask& AllowedCpus();
int FirstCpu();
int SecondCpu();
inline bool HasTwoCpus() { return FirstCpu() != SecondCpu(); }

// The description of a native function, and that function accepted by the loop's environment.
padata_function Describe(padata_job_function job, void* ctx = nullptr, uint32_t flags = 0);
NativeFunction* Accept(Loop& loop, padata_job_function job, void* ctx = nullptr, uint32_t flags = 0);

// A native function that does nothing.
int32_t Nothing(padata_call* call, void* ctx);

// A door that jobs wait at. Its Enter() is a native function, with the gate as ctx.
class Gate {
 public:
  static int32_t Enter(padata_call* call, void* ctx);
  // Blocks until so many jobs have come to the gate.
  void AwaitEntered(uint32_t jobs) const;
  uint32_t entered() const { return entered_.load(std::memory_order_acquire); }
  void Open();

 private:
  std::atomic<uint32_t> entered_{0};
  std::atomic<bool> is_open_{false};
};

// What jobs have left behind, on whichever thread.
template <typename T>
class Log {
 public:
  void Add(T value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    values_.push_back(std::move(value));
  }
  std::vector<T> values() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return values_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<T> values_;
};

// A native function that adds the CPU of its call to a Log<int>, its ctx.
int32_t RecordCpu(padata_call* call, void* ctx);

// An instance of its own, which is closed at the end. `allowed` can be changed: the next SetCpumask() sees it.
class Engine {
 public:
  explicit Engine(Cpumasks masks = {AllowedCpus(), AllowedCpus()}, CpuMask allowed = AllowedCpus());
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Loop& loop() { return loop_; }
  Instance& instance() { return *instance_; }
  RefPtr<Instance> reference() { return instance_; }
  void set_allowed(CpuMask allowed) {
    const std::lock_guard lock(allowed_->mutex);
    allowed_->mask = std::move(allowed);
  }
  NativeFunction* Accept(padata_job_function job, void* ctx = nullptr, uint32_t flags = 0) {
    return test::Accept(loop_, job, ctx, flags);
  }
  uint32_t flags() { return instance_->control().flags.load(std::memory_order_relaxed); }
  // Closes the instance and drops it, now.
  void Close();

 private:
  Loop loop_;
  struct Allowed {  // the watcher reads it, too
    std::mutex mutex;
    CpuMask mask;
  };
  std::shared_ptr<Allowed> allowed_;
  RefPtr<Instance> instance_;
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_ENGINE_H_
