// Environments on several threads, each with instances that are closed with jobs in flight, while the parallel and serial threads
// and threads of the test's own run those jobs (invariant 8). Nothing may crash, and nothing is kept: every function that was
// accepted is released, after its last call.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/parallel_thread.h"
#include "core/serial_thread.h"
#include "support/engine.h"
#include "support/stress.h"

namespace padata {
namespace {

using test::FirstCpu;
using test::Loop;
using test::Port;
using test::Random;
using test::SecondCpu;

std::atomic<uint64_t> accepted{0};
std::atomic<uint64_t> released{0};
std::atomic<uint64_t> faults{0};
std::atomic<uint64_t> rounds{0};

// One thread that completes outstanding jobs late, also those whose environment has gone meanwhile.
class Completer {
 public:
  ~Completer() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_over_ = true;
    }
    came_.notify_one();
    thread_.join();
  }
  void Add(const padata_call& call) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      calls_.emplace_back(call.ticket, call.api);
    }
    came_.notify_one();
  }

 private:
  void Run() {
    std::vector<std::pair<padata_ticket, const padata_api*>> calls;
    while (true) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        came_.wait(lock, [this] { return is_over_ || !calls_.empty(); });
        if (calls_.empty()) return;
        std::swap(calls, calls_);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      for (const auto& [ticket, api] : calls) {
        if (api->do_serial(ticket, 0, nullptr) != 0) ++faults;
        if (api->do_serial(ticket, 0, nullptr) != -EINVAL) ++faults;
      }
      calls.clear();
    }
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::pair<padata_ticket, const padata_api*>> calls_;
  bool is_over_ = false;
  std::thread thread_{[this] { Run(); }};
};

// The ctx of the functions: it dies when it is released, and AddressSanitizer sees who comes later.
struct Context {
  Completer* completer;
  std::atomic<bool> is_alive{true};
};

int32_t Plain(padata_call* call, void* ctx) {
  if (!static_cast<Context*>(ctx)->is_alive) ++faults;
  test::RandomWork(test::Hash(call->ticket.seq_nr));
  return 0;
}

int32_t Leaving(padata_call* call, void* ctx) {
  auto& context = *static_cast<Context*>(ctx);
  if (!context.is_alive) ++faults;
  context.completer->Add(*call);
  return -EINPROGRESS;
}

NativeFunction* Accept(Loop& loop, Completer& completer, padata_job_function job, uint32_t flags) {
  padata_function description = test::Describe(job, new Context{&completer}, flags);
  description.release = [](void* ctx) {
    static_cast<Context*>(ctx)->is_alive = false;
    delete static_cast<Context*>(ctx);
    ++released;
  };
  ++accepted;
  return loop.environment().AddFunction(description);
}

class Round {
 public:
  Round(Completer& completer, uint64_t seed) : random_(seed) {
    for (auto& function : functions_) {
      const bool leaves = random_() % 2 != 0;
      function = Accept(loop_, completer, leaves ? Leaving : Plain, leaves ? PADATA_MAY_LEAVE_OUTSTANDING : 0);
    }
    serial_ = Accept(loop_, completer, Plain, 0);
    for (uint64_t count = 1 + random_() % 2; count != 0; --count) AddInstance();
  }

  void Run() {
    for (uint64_t turns = random_() % 6; turns != 0; --turns) {
      for (auto& port : ports_) Submit(*port);
      loop_.Drain();
      if (random_() % 4 == 0) instances_.front()->Rescue();
    }
    const bool all = random_() % 4 == 0;
    if (all) loop_.RunUntil([this] { return Pending() == 0; });
    for (auto& port : ports_) {
      if (port->pending() != 0) port->Abandon();
    }
    ports_.clear();
    for (auto& instance : instances_) instance->Close();
  }

 private:
  void AddInstance() {
    const std::array<CpuMask, 3> masks = {CpuMask{FirstCpu()}, CpuMask{SecondCpu()}, test::AllowedCpus()};
    const Cpumasks mine = {masks[random_() % 3], test::AllowedCpus()};
    RefPtr<Instance> instance;
    PADATA_CHECK(Instance::Create(loop_.environment(), "round", mine, CpuSources(), &instance) == 0, "no instance");
    instances_.push_back(instance);
    for (uint64_t count = 1 + random_() % 3; count != 0; --count) {
      ports_.push_back(std::make_unique<Port>(loop_, *instance, [](Job&, uint64_t) {}));
    }
  }

  void Submit(Port& port) {
    for (uint64_t count = random_() % 400; count != 0; --count) {
      const uint64_t random = random_();
      port.Submit({.parallel = functions_[random % functions_.size()],
                   .serial = (random >> 8) % 4 == 0 ? serial_ : nullptr,
                   .cb_cpu = (random >> 16) % 2 == 0 ? FirstCpu() : SecondCpu()});
    }
  }

  uint64_t Pending() const {
    uint64_t pending = 0;
    for (const auto& port : ports_) pending += port->pending();
    return pending;
  }

  Random random_;
  Loop loop_;
  std::array<NativeFunction*, 3> functions_{};
  NativeFunction* serial_ = nullptr;
  std::vector<RefPtr<Instance>> instances_;
  std::vector<std::unique_ptr<Port>> ports_;
};

TEST(TeardownStress, EnvironmentsEndWithJobsInFlight) {
  for (int cpu : {FirstCpu(), SecondCpu()}) ASSERT_EQ(SerialThread::Ensure(cpu), 0);
  const test::Watchdog watchdog(
      [] { return std::to_string(rounds) + " rounds, " + std::to_string(released) + " released"; });
  {
    Completer completer;
    std::vector<std::thread> environments;
    for (uint64_t id = 0; id < 3; ++id) {
      environments.emplace_back([id, &completer] {
        for (uint64_t i = 0; i < test::Scaled(1500, 50); ++i, ++rounds)
          Round(completer, test::Hash(id << 32 | i)).Run();
      });
    }
    for (auto& thread : environments) thread.join();
  }
  // Threads drop what was closed when they look at their list again.
  SpinUntil([] {
    ParallelThread::WakeAll();
    return released == accepted;
  });
  EXPECT_EQ(faults, 0u);
}

}  // namespace
}  // namespace padata
