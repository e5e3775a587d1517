// The ready list, the flag that wakes the event loop, and the life of an environment. SPDX-License-Identifier: MIT
#include "core/environment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/shell.h"
#include "core/sync.h"
#include "support/engine.h"

namespace padata {
namespace {

class EnvironmentTest : public testing::Test {
 protected:
  ~EnvironmentTest() override { instance_->Close(); }
  void SetUp() override {
    ASSERT_EQ(
        Instance::Create(*environment_, "test", {test::AllowedCpus(), test::AllowedCpus()}, CpuSources(), &instance_),
        0);
  }
  // Takes the list as the event loop does.
  std::vector<uint32_t> Collect(std::initializer_list<Shell*> shells) {
    std::vector<uint32_t> ids;
    for (uint32_t id = environment_->control().ready_head.exchange(0); id != 0;) {
      ids.push_back(id);
      Shell* const shell = *std::find_if(shells.begin(), shells.end(), [id](Shell* each) { return each->id() == id; });
      id = shell->control().ready_next.load();
      shell->control().ready.store(0);
    }
    return ids;
  }
  void Arm() { environment_->control().armed.store(1); }

  static constexpr uint64_t kMinuteNs = 60'000'000'000;  // longer than any machine interrupts this test

  int wakes_ = 0;
  RefPtr<Environment> environment_{new Environment([](void* arg) { ++*static_cast<int*>(arg); }, &wakes_)};
  RefPtr<Instance> instance_;
};

TEST_F(EnvironmentTest, AShellIsOnTheListOnce) {
  Shell* const shell = instance_->CreateShell();
  Shell* const other = instance_->CreateShell();
  environment_->Notify(*shell);
  environment_->Notify(*shell);
  environment_->Notify(*other);
  environment_->Notify(*shell);
  EXPECT_EQ(Collect({shell, other}), (std::vector{other->id(), shell->id()}));
  EXPECT_EQ(Collect({shell, other}), std::vector<uint32_t>());
  environment_->Notify(*shell);
  EXPECT_EQ(Collect({shell, other}), std::vector{shell->id()}) << "it can come again";
}

TEST_F(EnvironmentTest, OnlyAnArmedLoopIsWokenAndOnce) {
  Shell* const shell = instance_->CreateShell();
  environment_->Notify(*shell);
  EXPECT_EQ(wakes_, 0);
  Arm();
  environment_->Notify(*shell);
  EXPECT_EQ(wakes_, 1) << "also when the shell is on the list already";
  environment_->Notify(*shell);
  environment_->Notify(*instance_->CreateShell());
  EXPECT_EQ(wakes_, 1) << "one wake-up carries many completions";
}

TEST_F(EnvironmentTest, ASleepIsEndedByACompletionAndWakesNothingElse) {
  Shell* const shell = instance_->CreateShell();
  std::thread completer([&] {
    SpinUntil([&] { return environment_->control().armed.load() == 1; });
    environment_->Notify(*shell);
  });
  while (environment_->control().ready_head.load() == 0) environment_->Sleep(3'600'000'000'000);
  completer.join();
  EXPECT_EQ(wakes_, 0);
  EXPECT_EQ(environment_->control().armed.load(), 0u) << "the caller is awake";
}

TEST_F(EnvironmentTest, ASleepDoesNotBeginWhileAShellIsOnTheList) {
  Shell* const shell = instance_->CreateShell();
  environment_->Notify(*shell);
  environment_->Sleep(3'600'000'000'000);
  EXPECT_EQ(Collect({shell}), std::vector{shell->id()});
}

TEST_F(EnvironmentTest, ASleepEndsWhenTheTimeIsUpAndTheLoopCanBeArmedAsBefore) {
  environment_->Sleep(1'000'000);
  EXPECT_EQ(environment_->control().armed.load(), 0u);
  Arm();
  environment_->Notify(*instance_->CreateShell());
  EXPECT_EQ(wakes_, 1);
}

TEST_F(EnvironmentTest, WhoHasPatienceWakesLaterAndFlushEndsIt) {
  Shell* const shell = instance_->CreateShell();
  environment_->Flush();
  Arm();
  environment_->Flush();
  EXPECT_EQ(wakes_, 0) << "nothing is on the list";
  environment_->Notify(*shell, kMinuteNs);
  EXPECT_EQ(wakes_, MonotonicNs() > kMinuteNs ? 1 : 0) << "there was no wake-up yet";
  environment_->Notify(*shell);
  EXPECT_EQ(wakes_, 1);
  Arm();
  environment_->Notify(*shell, kMinuteNs);
  EXPECT_EQ(wakes_, 1) << "too soon";
  environment_->Flush();
  EXPECT_EQ(wakes_, 2);
  environment_->Flush();
  EXPECT_EQ(wakes_, 2) << "the loop is not armed any more";
}

TEST_F(EnvironmentTest, WhoIsAwayForLongerThanThereIsPatienceWakesTheLoopBefore) {
  Shell* const shell = instance_->CreateShell();
  Arm();
  environment_->Notify(*shell);
  Collect({shell});
  Arm();
  const uint64_t now = MonotonicNs();
  environment_->Notify(*shell, kMinuteNs);
  environment_->FlushBefore(now + kMinuteNs / 2);
  EXPECT_EQ(wakes_, 1);
  environment_->FlushBefore(now + 2 * kMinuteNs);
  EXPECT_EQ(wakes_, 2);
}

TEST_F(EnvironmentTest, AClosedLoopIsNotWoken) {
  Shell* const shell = instance_->CreateShell();
  Arm();
  environment_->Close();
  environment_->Notify(*shell);
  EXPECT_EQ(wakes_, 0);
}

TEST_F(EnvironmentTest, IdsOfShellsBeginWithOneAndAreUsedAgain) {
  Shell* const first = instance_->CreateShell();
  Shell* const second = instance_->CreateShell();
  EXPECT_EQ(first->id(), 1u);
  EXPECT_EQ(second->id(), 2u);
  instance_->FreeShell(first);
  EXPECT_EQ(instance_->CreateShell()->id(), 1u);
  EXPECT_EQ(instance_->CreateShell()->id(), 3u);
}

TEST_F(EnvironmentTest, SlabsBelongToItUntilTheyAreDropped) {
  SharedMemory* const slab = environment_->AddSlab(SharedMemory::kSlabBytes);
  ASSERT_NE(slab, nullptr);
  uint8_t* const data = slab->data();
  const RefPtr<SharedMemory> view(slab);  // as an ArrayBuffer over it would
  environment_->DropSlab(slab);
  EXPECT_NE(SharedMemory::Allocate(SharedMemory::kSlabBytes)->data(), data);
}

TEST_F(EnvironmentTest, AnInstanceKeepsItsEnvironment) {
  static std::atomic<int> released{0};
  released = 0;
  padata_function description = test::Describe(test::Nothing);
  description.release = [](void*) { ++released; };
  RefPtr<Environment> environment(new Environment([](void*) {}, nullptr));
  environment->AddFunction(description);
  RefPtr<Instance> instance;
  ASSERT_EQ(Instance::Create(*environment, "test", {test::AllowedCpus(), test::AllowedCpus()}, CpuSources(), &instance),
            0);
  environment->Close();
  environment = {};
  EXPECT_EQ(released, 0);
  instance->Close();
  instance = {};
  SpinUntil([] { return released == 1; });  // the threads drop it when they see that it was closed
}

TEST_F(EnvironmentTest, AResultIsKeptUntilItIsTakenOnce) {
  RefPtr<SharedMemory> memory = SharedMemory::Allocate(100);
  SharedMemory* const key = memory.get();
  memory->data()[99] = 7;
  std::thread([&] { environment_->KeepResult(std::move(memory)); }).join();
  const RefPtr<SharedMemory> other = SharedMemory::Allocate(100);
  EXPECT_FALSE(environment_->TakeResult(other.get())) << "nobody has kept this one";
  const RefPtr<SharedMemory> taken = environment_->TakeResult(key);
  ASSERT_EQ(taken.get(), key);
  EXPECT_EQ(taken->data()[99], 7);
  EXPECT_FALSE(environment_->TakeResult(key)) << "it is the caller's now";
}

TEST_F(EnvironmentTest, ResultsThatNobodyTookGoWithIt) {
  environment_->KeepResult(SharedMemory::Allocate(100));  // LeakSanitizer tells
}

}  // namespace
}  // namespace padata
