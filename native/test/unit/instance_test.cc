// Instances: masks and what is usable of them, start and stop, invalid, cancelling, closing. SPDX-License-Identifier: MIT
#include "core/instance.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/engine.h"

namespace padata {
namespace {

using test::AllowedCpus;
using test::Engine;
using test::FirstCpu;
using test::Port;
using test::SecondCpu;

CpuMask FarCpu() { return {CpuSources().Possible().Last() + 1}; }

TEST(InstanceTest, UsableIsUserSuppliedAndOnlineAndAllowed) {
  Engine engine({CpuMask::FirstCpus(kMaxCpus), CpuMask{FirstCpu()}.Or(FarCpu())});
  EXPECT_EQ(engine.instance().user_supplied().parallel, CpuMask::FirstCpus(kMaxCpus));
  EXPECT_EQ(engine.instance().usable(), (Cpumasks{AllowedCpus(), {FirstCpu()}}));
  EXPECT_EQ(engine.flags(), 0u);
}

TEST(InstanceTest, EachMaskAloneMakesItInvalid) {
  for (const CpumaskType type : {CpumaskType::kParallel, CpumaskType::kSerial}) {
    Engine engine;
    for (const CpuMask& unusable : {CpuMask(), FarCpu()}) {
      EXPECT_EQ(engine.instance().SetCpumask(type, unusable), 0) << "that succeeds, as in the kernel";
      EXPECT_EQ(engine.flags(), Instance::kInvalid);
      EXPECT_EQ(engine.instance().SetCpumask(type, {FirstCpu()}), 0);
      EXPECT_EQ(engine.flags(), 0u);
    }
  }
}

TEST(InstanceTest, WhatThisProcessMayUseIsLookedAtAgain) {
  Engine engine({AllowedCpus(), AllowedCpus()}, CpuMask());
  EXPECT_EQ(engine.flags(), Instance::kInvalid);
  EXPECT_EQ(engine.instance().usable(), Cpumasks());
  engine.set_allowed({FirstCpu()});
  engine.instance().SetCpumask(CpumaskType::kParallel, AllowedCpus());
  EXPECT_EQ(engine.instance().usable(), (Cpumasks{{FirstCpu()}, {FirstCpu()}})) << "both masks";
  EXPECT_EQ(engine.flags(), 0u);
}

TEST(InstanceTest, TheGenerationGrowsWhenWhatIsUsableChanges) {
  Engine engine({{FirstCpu()}, {FirstCpu()}});
  std::atomic<uint32_t>& generation = engine.instance().control().mask_generation;
  const uint32_t before = generation;
  engine.instance().SetCpumask(CpumaskType::kParallel, CpuMask{FirstCpu()}.Or(FarCpu()));
  EXPECT_EQ(generation, before) << "the user's mask changed, what is usable did not";
  engine.instance().SetCpumask(CpumaskType::kSerial, {});
  EXPECT_EQ(generation, before + 1);
}

TEST(InstanceTest, StopAndInvalidAreTwoThings) {
  Engine engine;
  engine.instance().Stop();
  EXPECT_EQ(engine.flags(), Instance::kStopped);
  engine.instance().SetCpumask(CpumaskType::kSerial, {});
  EXPECT_EQ(engine.flags(), Instance::kStopped | Instance::kInvalid);
  engine.instance().Start();
  EXPECT_EQ(engine.flags(), Instance::kInvalid);
  engine.instance().SetCpumask(CpumaskType::kSerial, AllowedCpus());
  EXPECT_EQ(engine.flags(), 0u);
}

TEST(InstanceTest, AcceptedJobsAreDoneWhileItIsStopped) {
  Engine engine;
  Port port(engine.loop(), engine.instance(), [](Job&, uint64_t) {});
  NativeFunction* const nothing = engine.Accept(test::Nothing);
  engine.instance().Stop();
  for (int i = 0; i < 100; ++i) port.Submit({.parallel = nothing});
  engine.loop().RunUntil([&] { return port.pending() == 0; });
}

TEST(InstanceTest, JobsWaitForACpuAndRunWhenThereIsOne) {
  test::Log<int> log;
  Engine engine({CpuMask(), AllowedCpus()});
  Port port(engine.loop(), engine.instance(), [&](Job& job, uint64_t) { EXPECT_EQ(job.status, 0); });
  NativeFunction* const record = engine.Accept(test::RecordCpu, &log);
  for (int i = 0; i < 10; ++i) port.Submit({.parallel = record});
  EXPECT_EQ(engine.instance().queue().Backlog(), 10u);
  EXPECT_EQ(engine.loop().Drain(), 0u);
  engine.instance().SetCpumask(CpumaskType::kParallel, {SecondCpu()});
  engine.loop().RunUntil([&] { return port.pending() == 0; });
  EXPECT_EQ(log.values(), std::vector<int>(10, SecondCpu()));
}

TEST(InstanceTest, ABacklogThatIsCancelledTakesItsTurn) {
  Engine engine({CpuMask(), AllowedCpus()});
  std::array<uint64_t, 2> next{};
  const auto in_order = [&next](size_t shell) {
    return [&next, shell](Job& job, uint64_t info) {
      EXPECT_EQ(job.status, -ECANCELED);
      EXPECT_EQ(info, next[shell]++);
    };
  };
  Port first(engine.loop(), engine.instance(), in_order(0));
  Port second(engine.loop(), engine.instance(), in_order(1));
  NativeFunction* const nothing = engine.Accept(test::Nothing);
  for (uint64_t i = 0; i < 150; ++i) {
    first.Submit({.parallel = nothing, .info = i});
    second.Submit({.parallel = nothing, .info = i});
  }
  engine.instance().CancelBacklog();
  engine.loop().RunUntil([&] { return first.pending() + second.pending() == 0; });
  EXPECT_EQ(next, (std::array<uint64_t, 2>{150, 150}));
  EXPECT_EQ(engine.instance().queue().Backlog(), 0u);
}

TEST(InstanceTest, ThePatienceIsAPartOfTheBacklogBetweenTwoBounds) {
  Engine engine;
  const Instance& instance = engine.instance();
  const auto cpus = static_cast<uint64_t>(AllowedCpus().Weight());
  EXPECT_EQ(instance.PatienceNs(0), 0u);
  EXPECT_EQ(instance.PatienceNs(Instance::kLeastPatienceNs - 1), 0u) << "nobody comes back for so little";
  EXPECT_EQ(instance.PatienceNs(Instance::kLeastPatienceNs), Instance::kLeastPatienceNs);
  EXPECT_EQ(instance.PatienceNs(cpus * 100'000), 100'000u);
  EXPECT_EQ(instance.PatienceNs(cpus * 1'000'000'000), Instance::kMostPatienceNs);
}

TEST(InstanceTest, AfterCloseNothingBeginsAndWhatHasBegunEnds) {
  test::Gate gate;
  static std::atomic<uint32_t> begun{0};
  begun = 0;
  Engine engine({{FirstCpu()}, AllowedCpus()});
  NativeFunction* const count = engine.Accept([](padata_call*, void*) {
    ++begun;
    return 0;
  });
  Port port(engine.loop(), engine.instance(), [](Job&, uint64_t) {});
  port.Submit({.parallel = engine.Accept(test::Gate::Enter, &gate)});
  gate.AwaitEntered(1);
  for (int i = 0; i < 100; ++i) port.Submit({.parallel = count});
  port.Abandon();
  engine.Close();
  gate.Open();
  // The thread goes on with others: when this job is through, the thread has left the instance that was closed.
  Engine next({{FirstCpu()}, AllowedCpus()});
  Port other(next.loop(), next.instance(), [](Job&, uint64_t) {});
  other.Submit({.parallel = next.Accept(test::Nothing)});
  next.loop().RunUntil([&] { return other.pending() == 0; });
  EXPECT_EQ(begun, 0u);
}

// A tree that claims more CPUs than there are, so that threads cannot be started.
class MissingCpuTest : public testing::Test {
 protected:
  static constexpr int kMissing = Instance::kMaxCpuIds - 1;
  MissingCpuTest() : root_(std::filesystem::temp_directory_path() / ("padata-cpus-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(root_);
    for (const char* name : {"possible", "present", "online"}) {
      std::ofstream(root_ / name) << "0-" + std::to_string(kMissing) + "\n";
    }
  }
  ~MissingCpuTest() override { std::filesystem::remove_all(root_); }
  CpuSources Sources() const {
    return CpuSources(root_, [] { return CpuMask{FirstCpu(), kMissing}; });
  }
  const std::filesystem::path root_;
};

TEST_F(MissingCpuTest, WithoutAThreadThereIsNoInstance) {
  test::Loop loop;
  RefPtr<Instance> instance;
  EXPECT_EQ(Instance::Create(loop.environment(), "test", {{kMissing}, {FirstCpu()}}, Sources(), &instance), -EINVAL);
  EXPECT_FALSE(instance);
}

TEST_F(MissingCpuTest, OneThreadIsEnough) {
  test::Loop loop;
  RefPtr<Instance> instance;
  ASSERT_EQ(Instance::Create(loop.environment(), "test", {{FirstCpu(), kMissing}, {FirstCpu()}}, Sources(), &instance),
            0);
  instance->Close();
}

TEST_F(MissingCpuTest, AMaskThatCannotBeServedChangesNothing) {
  test::Loop loop;
  RefPtr<Instance> instance;
  ASSERT_EQ(Instance::Create(loop.environment(), "test", {{FirstCpu()}, {FirstCpu()}}, Sources(), &instance), 0);
  EXPECT_EQ(instance->SetCpumask(CpumaskType::kParallel, {kMissing}), -EINVAL);
  EXPECT_EQ(instance->user_supplied(), (Cpumasks{{FirstCpu()}, {FirstCpu()}}));
  EXPECT_EQ(instance->usable(), (Cpumasks{{FirstCpu()}, {FirstCpu()}}));
  EXPECT_EQ(instance->control().flags, 0u);
  EXPECT_TRUE(instance->MayRun(FirstCpu()));
  EXPECT_FALSE(instance->MayRun(kMissing));
  instance->Close();
}

}  // namespace
}  // namespace padata
