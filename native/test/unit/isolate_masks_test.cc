// Isolates that may not claim: their CPU has left, they have retired, or give way; and who goes on then.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "core/isolate.h"
#include "support/isolates.h"

namespace padata {
namespace {

using test::FirstCpu;
using test::IsolateSeat;
using test::IsolateSteps;
using Slots = std::vector<uint32_t>;

class IsolateMasksTest : public test::IsolatesTest {};

TEST_F(IsolateMasksTest, WhatWasClaimedOnACpuThatLeavesNeverBeginsThere) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  IsolateSeat seat(instance(), FirstCpu());
  IsolateSeat other(instance(), test::SecondCpu());
  for (int i = 0; i < 2; ++i) Submit({});
  MakeShort();
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 2u);
  ASSERT_TRUE(seat.Begin(slots[0]));
  ASSERT_EQ(other.Turn().size(), 0u);
  SetParallel({test::SecondCpu()});
  EXPECT_EQ(other.wakes(), 1);
  EXPECT_FALSE(seat.Begin(slots[1])) << "invariant 4";
  EXPECT_EQ(seat.Turn().size(), 0u);
  seat.Finish(slots[0]);
  seat.Turn();
  FinishAll(other);
  ExpectAll({0, 0});
}

TEST_F(IsolateMasksTest, OneWhoseCpuHasLeftHandsOnWhatItWasCountedOnFor) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  IsolateSeat seat(instance(), FirstCpu());
  IsolateSeat other(instance(), test::SecondCpu());
  MakeShort();
  ASSERT_EQ(other.Turn().size(), 0u);
  group().Attend();  // so that nobody kicks
  Submit({});
  group().Unattend();
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 1u);
  ASSERT_TRUE(seat.Begin(slots[0]));
  SetParallel({test::SecondCpu()});
  Submit({});
  EXPECT_EQ(other.wakes(), 0) << "one attends";
  seat.Finish(slots[0]);
  EXPECT_EQ(seat.Turn().size(), 0u);
  EXPECT_EQ(other.wakes(), 1);
  FinishAll(other);
}

TEST_F(IsolateMasksTest, AJobInPiecesLeavesWithItsCpuAndWhereOthersWait) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  IsolateSeat seat(instance(), FirstCpu());
  const auto may_claim = [&] { return seat.Do([&](IsolateSteps&) { return seat.isolate().MayClaim(); }); };
  const auto is_wanted = [&] { return seat.Do([&](IsolateSteps&) { return seat.isolate().IsWanted(); }); };
  Submit({});
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 1u);
  ASSERT_TRUE(seat.Begin(slots[0]));
  EXPECT_TRUE(may_claim());
  EXPECT_FALSE(is_wanted());
  Submit({});
  EXPECT_TRUE(is_wanted()) << "by a job in the queue";
  SetParallel({test::SecondCpu()});
  EXPECT_FALSE(may_claim());
  SetParallel({FirstCpu()});
  EXPECT_TRUE(may_claim());
  seat.Finish(slots[0]);
  FinishAll(seat);
  EXPECT_FALSE(is_wanted());
  port_->Complete(Submit({.cb_cpu = FirstCpu(), .module_serial = 9}));
  EXPECT_TRUE(is_wanted()) << "by a serial()";
  FinishAll(seat);
}

TEST_F(IsolateMasksTest, OneThatRetiresHandsOnAndIsNotWoken) {
  IsolateSeat seat(instance(), FirstCpu());
  MakeShort();
  Submit({});
  const Slots slots = seat.Turn();
  ASSERT_TRUE(seat.Begin(slots[0]));
  EXPECT_FALSE(seat.isolate().Retire()) << "it has a job";
  IsolateSeat successor(instance(), FirstCpu());
  EXPECT_EQ(successor.Turn().size(), 0u);
  Submit({});
  EXPECT_EQ(successor.wakes(), 0) << "the other one attends";
  seat.Finish(slots[0]);
  EXPECT_EQ(seat.Turn().size(), 0u);
  EXPECT_TRUE(seat.isolate().Retire());
  EXPECT_EQ(successor.wakes(), 1);
  FinishAll(successor);
  EXPECT_EQ(successor.Turn().size(), 0u);
  Submit({});
  EXPECT_EQ(seat.wakes(), 0);
  EXPECT_EQ(successor.wakes(), 2);
  FinishAll(successor);
}

TEST_F(IsolateMasksTest, OneThatGivesWayToTheLoopSleepsWhereAnotherAttends) {
  IsolateSeat seat(instance(), FirstCpu());
  group().Attend();
  Submit({});
  Environment& environment = engine_.loop().environment();
  environment.SeenOn(FirstCpu());
  for (int i = 0; i < 1000; ++i) environment.LookAtLoop();
  ASSERT_TRUE(environment.IsBusy());
  EXPECT_EQ(seat.Turn().size(), 0u);
  EXPECT_TRUE(seat.isolate().IsAsleep());
  group().Unattend();
  EXPECT_EQ(seat.Turn().size(), 1u) << "nobody else is left";
  seat.Begin(0);
  seat.Finish(0);
  FinishAll(seat);
}

TEST_F(IsolateMasksTest, AClosedInstanceRunsNothingMore) {
  IsolateSeat seat(instance(), FirstCpu());
  Submit({});
  Job* const closure = Submit({.cb_cpu = FirstCpu(), .module_parallel = 0, .module_serial = 9});
  Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 1u);
  ASSERT_TRUE(seat.Begin(slots[0]));
  seat.Finish(slots[0]);
  seat.Turn(0);
  port_->Complete(closure);
  Submit({});
  port_->Abandon();
  engine_.Close();
  EXPECT_EQ(seat.Turn().size(), 0u);
}

}  // namespace
}  // namespace padata
