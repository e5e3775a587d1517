// The isolates of one instance together: who is woken for what, and jobs that nobody takes. SPDX-License-Identifier: MIT
#include "core/isolate_group.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "support/isolates.h"

namespace padata {
namespace {

using test::FirstCpu;
using test::IsolateSeat;
using test::SecondCpu;

class IsolateGroupTest : public test::IsolatesTest {
 protected:
  // Submits without a kick, as when somebody attends.
  void SubmitQuietly(int jobs) {
    group().Attend();
    for (int i = 0; i < jobs; ++i) Submit({});
    group().Unattend();
  }
};

TEST_F(IsolateGroupTest, IsMadeOnce) { EXPECT_EQ(&instance().MakeIsolates(), instance().isolates()); }

TEST_F(IsolateGroupTest, AKickPrefersAnotherCpu) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  IsolateSeat first(instance(), FirstCpu());
  IsolateSeat second(instance(), SecondCpu());
  first.Turn();
  second.Turn();
  SubmitQuietly(1);
  group().Kick(FirstCpu());
  EXPECT_EQ(first.wakes(), 0);
  EXPECT_EQ(second.wakes(), 1);
  group().Kick(FirstCpu());
  EXPECT_EQ(first.wakes(), 0) << "one is on its way";
  FinishAll(second);
  EXPECT_TRUE(second.Turn().empty());
  SetParallel({FirstCpu()});
  SubmitQuietly(1);
  group().Kick(FirstCpu());
  EXPECT_EQ(first.wakes(), 1) << "the other one may not";
  FinishAll(first);
}

TEST_F(IsolateGroupTest, AKickThatFindsNobodyAsleepIsOver) {
  Submit({});
  EXPECT_EQ(group().control().attended.load(), 0u);
  IsolateSeat seat(instance(), FirstCpu());
  EXPECT_EQ(seat.Turn().size(), 1u);
  seat.Begin(0);
  seat.Finish(0);
  FinishAll(seat);
}

TEST_F(IsolateGroupTest, ABacklogWakesMore) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  IsolateSeat first(instance(), FirstCpu());
  IsolateSeat second(instance(), SecondCpu());
  second.Turn();
  SubmitQuietly(100);
  engine_.loop().environment().SeenOn(-1);
  const auto slots = first.Turn(1);
  ASSERT_EQ(slots.size(), 1u);
  EXPECT_EQ(second.wakes(), 1);
  first.Begin(slots[0]);
  first.Finish(slots[0]);
  FinishAll(first);
}

TEST_F(IsolateGroupTest, ShortJobsAreNotWorthAnother) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  IsolateSeat first(instance(), FirstCpu());
  IsolateSeat second(instance(), SecondCpu());
  MakeShort();
  second.Turn();
  SubmitQuietly(100);
  const auto slots = first.Turn(1);
  ASSERT_EQ(slots.size(), 1u);
  EXPECT_EQ(second.wakes(), 0);
  first.Begin(slots[0]);
  first.Finish(slots[0]);
  FinishAll(first);
}

TEST_F(IsolateGroupTest, ALongBatchLeavesTheRestToOthers) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  IsolateSeat first(instance(), FirstCpu());
  SubmitQuietly(2);
  const auto slots = first.Turn(1);
  EXPECT_EQ(group().attendance(), 0u) << "what is submitted now is not for the one that has a long job";
  IsolateSeat second(instance(), SecondCpu());
  ASSERT_TRUE(second.RunOne());
  first.Begin(slots[0]);
  first.Finish(slots[0]);
  FinishAll(first);
}

TEST_F(IsolateGroupTest, CancelEndsWhatNobodyHasClaimed) {
  IsolateSeat seat(instance(), FirstCpu());
  for (int i = 0; i < 100; ++i) Submit({});
  const auto slots = seat.Turn(1);
  ASSERT_EQ(slots.size(), 1u);
  instance().CancelBacklog();
  EXPECT_EQ(engine_.loop().Drain(), 0u) << "the first one has not had its turn";
  seat.Begin(slots[0]);
  seat.Finish(slots[0]);
  seat.Turn(0);
  std::vector<int32_t> statuses(100, -ECANCELED);
  statuses[0] = 0;
  ExpectAll(statuses);
}

TEST_F(IsolateGroupTest, RescueTakesBackAndWakes) {
  IsolateSeat stuck(instance(), FirstCpu());
  IsolateSeat other(instance(), FirstCpu());
  SubmitQuietly(2);
  MakeShort();
  const auto slots = stuck.Turn();
  ASSERT_EQ(slots.size(), 2u);
  stuck.Begin(slots[0]);
  other.Turn();
  instance().Rescue();
  EXPECT_EQ(other.wakes(), 0) << "something has moved since the last look";
  instance().Rescue();
  EXPECT_EQ(other.wakes(), 1);
  ASSERT_TRUE(other.RunOne());
  stuck.Begin(slots[1]);
  stuck.Finish(slots[0]);
  FinishAll(stuck);
}

// It was woken for a job, and died on the way.
TEST_F(IsolateGroupTest, RemoveWakesAnotherForWhatTheOneThatDiedWasWokenFor) {
  IsolateSeat one(instance(), FirstCpu());
  IsolateSeat other(instance(), FirstCpu());
  one.Turn();
  other.Turn();
  Submit({});
  ASSERT_EQ(one.wakes() + other.wakes(), 1);
  IsolateSeat& dying = one.wakes() == 1 ? one : other;
  IsolateSeat& left = one.wakes() == 1 ? other : one;
  EXPECT_TRUE(dying.Abandon().empty());
  EXPECT_EQ(left.wakes(), 1);
  FinishAll(left);
}

TEST_F(IsolateGroupTest, TheCostIsARunningAverage) {
  EXPECT_EQ(group().cost_ns(), JobQueue::kUnknownCostNs);
  group().Measured(10, 1'000'000'000);
  EXPECT_EQ(group().cost_ns(), 2 * JobQueue::kUnknownCostNs + 1) << "one batch at most doubles it";
  group().Measured(1, 0);
  EXPECT_LE(group().cost_ns(), (2 * JobQueue::kUnknownCostNs + 1) / 4 + 1) << "and the next one takes it down again";
}

TEST_F(IsolateGroupTest, ClosingLetsGoOfInstanceAndIsolates) {
  auto seat = std::make_unique<IsolateSeat>(instance(), FirstCpu());
  seat->Turn();
  port_ = {};
  engine_.Close();
  seat->Turn();
  seat = {};  // LeakSanitizer tells whether anything is left
}

}  // namespace
}  // namespace padata
