// Parallel threads: where parallel() runs, what happens to a batch when its CPU is taken away or its thread is stuck.
// SPDX-License-Identifier: MIT
#include "core/parallel_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "support/engine.h"

namespace padata {
namespace {

using test::AllowedCpus;
using test::Engine;
using test::FirstCpu;
using test::Log;
using test::Port;
using test::SecondCpu;

struct Place {
  int cpu;       // what the call says
  int real_cpu;  // where it really is
  CpuMask affinity;
  std::string thread;
  bool blocks_signals;
};

Place Here(int cpu) {
  Place place{cpu, sched_getcpu(), {}, "", true};
  cpu_set_t set;
  sched_getaffinity(0, sizeof(set), &set);
  for (int each = 0; each < CPU_SETSIZE; ++each) {
    if (CPU_ISSET(each, &set)) place.affinity.Set(each);
  }
  char name[16];
  pthread_getname_np(pthread_self(), name, sizeof(name));
  place.thread = name;
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal : {SIGINT, SIGTERM, SIGPROF, SIGUSR1, SIGCHLD}) {
    place.blocks_signals = place.blocks_signals && sigismember(&blocked, signal) == 1;
  }
  return place;
}

int32_t RecordPlace(padata_call* call, void* ctx) {
  static_cast<Log<Place>*>(ctx)->Add(Here(call->cpu));
  return 0;
}

TEST(ParallelThreadTest, JobsRunPinnedUnderTheNameOfTheirCpu) {
  for (int cpu : {FirstCpu(), SecondCpu()}) {
    Log<Place> log;
    Engine engine({{cpu}, AllowedCpus()});
    Port port(engine.loop(), engine.instance(), [](Job&, uint64_t) {});
    NativeFunction* const record = engine.Accept(RecordPlace, &log);
    for (int i = 0; i < 50; ++i) port.Submit({.parallel = record});
    engine.loop().RunUntil([&] { return port.pending() == 0; });
    ASSERT_EQ(log.values().size(), 50u);
    for (const Place& place : log.values()) {
      EXPECT_EQ(place.cpu, cpu);
      EXPECT_EQ(place.real_cpu, cpu);
      EXPECT_EQ(place.affinity, CpuMask{cpu});
      EXPECT_EQ(place.thread, "padata/p" + std::to_string(cpu));
      EXPECT_TRUE(place.blocks_signals);
    }
  }
}

// A job counts before its completion can be seen, whatever became of the batch that it was claimed with.
TEST(ParallelThreadTest, JobsAreCountedOnceAcrossChangesOfTheMask) {
  Engine engine;
  Port port(engine.loop(), engine.instance(), [](Job&, uint64_t) {});
  NativeFunction* const nothing = engine.Accept(test::Nothing);
  const std::vector<CpuMask> masks = {{FirstCpu()}, {SecondCpu()}, AllowedCpus()};
  uint64_t submitted = 0;
  for (size_t round = 0; round < 1000; ++round) {
    for (int i = 0; i < 100; ++i) port.Submit({.parallel = nothing});
    submitted += 100;
    engine.instance().SetCpumask(CpumaskType::kParallel, masks[round % masks.size()]);
    engine.loop().RunUntil([&] { return port.pending() == 0; });
    uint64_t counted = 0;
    for (int cpu : AllowedCpus()) counted += engine.instance().JobsOn(cpu);
    ASSERT_EQ(counted, submitted) << "round " << round;
  }
}

// An engine on the first CPU, whose thread has claimed one batch: a job that waits at the gate, and more behind it.
class StuckThreadTest : public testing::Test {
 protected:
  static constexpr uint32_t kMore = 2;

  void SetUp() override {
    if (!test::HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
    // Jobs are known to be so short that three are claimed at once, even if the last measurement doubles the figure.
    NativeFunction* const nothing = engine_.Accept(test::Nothing);
    while (engine_.instance().cost_ns() > 3300) {
      for (int i = 0; i < 1000; ++i) stuck_.Submit({.parallel = nothing});
      engine_.loop().RunUntil([&] { return stuck_.pending() == 0; });
    }
  }

  // serial() of a closure submits all, so that they are published at once.
  template <typename Submit>
  void ClaimTogether(Submit submit) {
    Port publisher(engine_.loop(), engine_.instance(), [&](Job&, uint64_t) { submit(); });
    publisher.Complete(publisher.Submit({}));
    engine_.loop().RunUntil([&] { return publisher.pending() == 0; });
    gate_.AwaitEntered(1);
    ASSERT_EQ(engine_.instance().queue().Backlog(), 0u) << "the thread has claimed all of them";
  }

  std::vector<int> cpus() const { return log_.values(); }
  uint64_t JobsOn(int cpu) { return engine_.instance().JobsOn(cpu); }

  test::Gate gate_;
  Log<int> log_;
  Engine engine_{{{FirstCpu()}, AllowedCpus()}};
  NativeFunction* const wait_ = engine_.Accept(test::Gate::Enter, &gate_);
  NativeFunction* const record_ = engine_.Accept(test::RecordCpu, &log_);
  Port stuck_{engine_.loop(), engine_.instance(), [](Job&, uint64_t) {}};
};

// Invariant 4, without any luck: the thread is in the first job of a batch when its CPU is taken away.
TEST_F(StuckThreadTest, TheRestOfABatchLeavesACpuThatWasTakenAway) {
  ClaimTogether([&] {
    stuck_.Submit({.parallel = wait_});
    for (uint32_t i = 0; i < kMore; ++i) stuck_.Submit({.parallel = record_});
  });
  const uint64_t before = JobsOn(FirstCpu());
  engine_.instance().SetCpumask(CpumaskType::kParallel, {SecondCpu()});
  gate_.Open();
  engine_.loop().RunUntil([&] { return stuck_.pending() == 0; });
  EXPECT_EQ(cpus(), std::vector<int>(kMore, SecondCpu()));
  EXPECT_EQ(JobsOn(FirstCpu()), before - kMore) << "they count where they ran";
  EXPECT_EQ(JobsOn(SecondCpu()), kMore);
}

TEST_F(StuckThreadTest, TheRestOfABatchWaitsWhereNoCpuIsLeft) {
  ClaimTogether([&] {
    stuck_.Submit({.parallel = wait_});
    for (uint32_t i = 0; i < kMore; ++i) stuck_.Submit({.parallel = record_});
  });
  engine_.instance().SetCpumask(CpumaskType::kParallel, {});
  gate_.Open();
  engine_.loop().RunUntil([&] { return stuck_.pending() == kMore; });
  SpinUntil([&] { return engine_.instance().queue().Backlog() == kMore; });
  EXPECT_TRUE(cpus().empty());
  engine_.instance().SetCpumask(CpumaskType::kParallel, {FirstCpu()});
  engine_.loop().RunUntil([&] { return stuck_.pending() == 0; });
  EXPECT_EQ(cpus(), std::vector<int>(kMore, FirstCpu()));
}

// Invariant 3: what a stuck thread has claimed besides is done by others, and the shell may be gone before it comes back.
TEST_F(StuckThreadTest, JobsOfOtherShellsAreRescued) {
  auto other = std::make_unique<Port>(engine_.loop(), engine_.instance(), [](Job&, uint64_t) {});
  ClaimTogether([&] {
    stuck_.Submit({.parallel = wait_});
    for (uint32_t i = 0; i < kMore; ++i) other->Submit({.parallel = record_});
  });
  engine_.instance().SetCpumask(CpumaskType::kParallel, {FirstCpu(), SecondCpu()});
  // The first look only remembers where the thread is.
  for (int look = 0; look < 2; ++look) engine_.instance().Rescue();
  engine_.loop().RunUntil([&] { return other->pending() == 0; });
  EXPECT_EQ(cpus(), std::vector<int>(kMore, SecondCpu()));
  EXPECT_EQ(stuck_.pending(), 1u);
  EXPECT_EQ(JobsOn(SecondCpu()), kMore);
  other = {};
  gate_.Open();
  engine_.loop().RunUntil([&] { return stuck_.pending() == 0; });
}

// The same where the only other CPU is that of the event loop, which had been busy: its thread stands back for others that attend,
// and the stuck one looks as if it did.
TEST_F(StuckThreadTest, TheThreadOnTheCpuOfABusyLoopComesToTheRescue) {
  auto other = std::make_unique<Port>(engine_.loop(), engine_.instance(), [](Job&, uint64_t) {});
  ClaimTogether([&] {
    stuck_.Submit({.parallel = wait_});
    for (uint32_t i = 0; i < kMore; ++i) other->Submit({.parallel = record_});
  });
  Environment& environment = engine_.loop().environment();
  environment.SeenOn(SecondCpu());
  for (int look = 0; look < 100; ++look) environment.LookAtLoop();
  ASSERT_TRUE(environment.IsBusy());
  engine_.instance().SetCpumask(CpumaskType::kParallel, {FirstCpu(), SecondCpu()});
  for (int look = 0; look < 2; ++look) engine_.instance().Rescue();
  engine_.loop().RunUntil([&] { return other->pending() == 0; });
  gate_.Open();
  engine_.loop().RunUntil([&] { return stuck_.pending() == 0; });
}

TEST_F(StuckThreadTest, WhatWasDoneBeforeTheStuckJobGetsItsTurn) {
  ClaimTogether([&] {
    for (uint32_t i = 0; i < kMore; ++i) stuck_.Submit({.parallel = record_});
    stuck_.Submit({.parallel = wait_});
  });
  for (int look = 0; look < 2; ++look) engine_.instance().Rescue();
  engine_.loop().RunUntil([&] { return stuck_.pending() == 1; });
  gate_.Open();
  engine_.loop().RunUntil([&] { return stuck_.pending() == 0; });
}

// After its jobs were taken back the thread serves as before.
TEST_F(StuckThreadTest, TheThreadGoesOn) {
  ClaimTogether([&] {
    stuck_.Submit({.parallel = wait_});
    for (uint32_t i = 0; i < kMore; ++i) stuck_.Submit({.parallel = record_});
  });
  for (int look = 0; look < 5; ++look) engine_.instance().Rescue();
  EXPECT_EQ(engine_.instance().queue().Backlog(), kMore) << "taken back once";
  gate_.Open();
  engine_.loop().RunUntil([&] { return stuck_.pending() == 0; });
  EXPECT_EQ(cpus(), std::vector<int>(kMore, FirstCpu()));
}

}  // namespace
}  // namespace padata
