// Ten million ordered jobs of random cost over eight shells, while the parallel cpumask changes all the time: nothing lost, nothing
// twice, nothing out of order, and nothing begins on a CPU that was taken away (invariants 1, 2 and 4).
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/engine.h"
#include "support/stress.h"

namespace padata {
namespace {

using test::Engine;
using test::FirstCpu;
using test::Hash;
using test::Loop;
using test::Port;
using test::Random;
using test::SecondCpu;

// The mask that is in force: published by the environment when SetCpumask() has returned, looked at by each job when it begins.
class MaskCheck {
 public:
  // From here to Publish() a job may begin anywhere.
  void Change() { in_force_.store(3, std::memory_order_seq_cst); }
  void Publish(const CpuMask& usable) {
    const uint64_t bits = (usable.Has(FirstCpu()) ? 1 : 0) | (usable.Has(SecondCpu()) ? 2 : 0);
    in_force_.store(++generation_ << 2 | bits, std::memory_order_seq_cst);
  }

  // A thread that had been let through, and was interrupted before the first instruction of its job, begins that one job late.
  // It cannot be told from here; a second job in the same place is a violation.
  void JobBegins(int cpu) {
    if (cpu != sched_getcpu()) violations_.fetch_add(1);
    const uint64_t in_force = in_force_.load(std::memory_order_seq_cst);
    if ((in_force & (cpu == FirstCpu() ? 1 : 2)) != 0) return;
    Thread& thread = threads_[cpu == FirstCpu() ? 0 : 1];
    if (std::exchange(thread.late_in, in_force) == in_force) violations_.fetch_add(1);
    ++thread.late;
  }

  uint64_t generation() const { return generation_; }
  uint64_t late() const { return threads_[0].late + threads_[1].late; }
  uint64_t violations() const { return violations_; }

 private:
  struct alignas(64) Thread {
    uint64_t late_in = 0;
    uint64_t late = 0;
  };
  uint64_t generation_ = 0;
  std::atomic<uint64_t> in_force_{3};
  std::array<Thread, 2> threads_{};
  std::atomic<uint64_t> violations_{0};
};

// One shell under load.
class Series {
 public:
  Series(Engine& engine, MaskCheck& masks, uint64_t id, uint64_t jobs, uint64_t in_flight)
      : masks_(masks),
        id_(id),
        ran_(jobs),
        function_(engine.Accept(Parallel, this)),
        port_(engine.loop(), engine.instance(), [this](Job& job, uint64_t info) { Serial(job, info); }) {
    for (uint64_t i = 0; i < in_flight; ++i) Submit();
  }

  bool IsThrough() const { return port_.delivered() == ran_.size(); }
  uint64_t delivered() const { return progress_.load(std::memory_order_relaxed); }
  uint64_t faults() const { return faults_; }

 private:
  static int32_t Parallel(padata_call* call, void* ctx) {
    auto& series = *static_cast<Series*>(ctx);
    const uint64_t seq_nr = call->ticket.seq_nr;
    series.masks_.JobBegins(call->cpu);
    ++series.ran_[seq_nr];  // by nobody else, or ThreadSanitizer complains
    test::RandomWork(Hash(series.id_ << 32 | seq_nr));
    return seq_nr % 7 == 0 ? -EIO : 0;
  }

  void Serial(const Job& job, uint64_t info) {
    if (info != next_++ || ran_[info] != 1 || job.status != (info % 7 == 0 ? -EIO : 0)) ++faults_;
    progress_.store(next_, std::memory_order_relaxed);
    Submit();
  }

  void Submit() {
    if (port_.submitted() < ran_.size()) port_.Submit({.parallel = function_, .info = port_.submitted()});
  }

  MaskCheck& masks_;
  const uint64_t id_;
  std::vector<uint8_t> ran_;  // how often each job's parallel() ran
  uint64_t next_ = 0;
  uint64_t faults_ = 0;
  std::atomic<uint64_t> progress_{0};
  NativeFunction* const function_;
  Port port_;
};

class OrderedJobsStress : public testing::Test {
 protected:
  static constexpr uint64_t kShells = 8;

  void Begin(uint64_t jobs, uint64_t in_flight) {
    for (uint64_t id = 0; id < kShells; ++id) {
      series_.push_back(std::make_unique<Series>(engine_, masks_, id, jobs / kShells, in_flight));
    }
  }
  bool IsThrough() const {
    return std::all_of(series_.begin(), series_.end(), [](const auto& each) { return each->IsThrough(); });
  }
  std::string Progress() const {
    std::string text;
    for (const auto& each : series_) text += std::to_string(each->delivered()) + " ";
    return text;
  }
  void ExpectNoFaults() const {
    for (const auto& each : series_) EXPECT_EQ(each->faults(), 0u);
    EXPECT_EQ(masks_.violations(), 0u);
  }
  void SetRandomMask() {
    CpuMask mask;
    const uint64_t bits = random_();
    if ((bits & 1) != 0) mask.Set(FirstCpu());
    if ((bits & 2) != 0) mask.Set(SecondCpu());
    masks_.Change();
    ASSERT_EQ(engine_.instance().SetCpumask(CpumaskType::kParallel, mask), 0);
    masks_.Publish(mask);
  }

  Random random_{test::Seed()};
  MaskCheck masks_;
  Engine engine_;
  std::vector<std::unique_ptr<Series>> series_;
};

// The shell whose callbacks change the mask belongs to an instance of its own, or an empty mask would be the last one.
TEST_F(OrderedJobsStress, UnderMasksThatChangeAllTheTime) {
  RefPtr<Instance> steady;
  const Cpumasks all = {test::AllowedCpus(), test::AllowedCpus()};
  ASSERT_EQ(Instance::Create(engine_.loop().environment(), "steady", all, CpuSources(), &steady), 0);
  NativeFunction* const nothing = engine_.Accept(test::Nothing);
  Port* changer = nullptr;
  Port port(engine_.loop(), *steady, [&](Job&, uint64_t) {
    SetRandomMask();
    if (!IsThrough()) changer->Submit({.parallel = nothing});
  });
  changer = &port;
  Begin(test::Scaled(10'000'000), 256);
  const test::Watchdog watchdog([this] { return Progress(); });
  port.Submit({.parallel = nothing});
  engine_.loop().RunUntil([&] { return IsThrough() && port.pending() == 0; });
  ExpectNoFaults();
  std::printf("%ju changes of the mask, %ju jobs that had been let through\n",
              static_cast<uintmax_t>(masks_.generation()), static_cast<uintmax_t>(masks_.late()));
  steady->Close();
}

// The event loop takes threads to be stuck that are not.
TEST_F(OrderedJobsStress, WhileBatchesAreTakenBack) {
  Begin(test::Scaled(2'000'000), 256);
  const test::Watchdog watchdog([this] { return Progress(); });
  while (!IsThrough()) {
    if (engine_.loop().Drain() == 0) engine_.instance().Rescue();
  }
  ExpectNoFaults();
}

// So few jobs that the threads and the event loop fall asleep all the time.
TEST_F(OrderedJobsStress, BetweenSleepAndWaking) {
  Begin(test::Scaled(500'000), 1);
  const test::Watchdog watchdog([this] { return Progress(); });
  engine_.loop().RunUntil([&] { return IsThrough(); });
  ExpectNoFaults();
}

}  // namespace
}  // namespace padata
