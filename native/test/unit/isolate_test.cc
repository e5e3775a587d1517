// The seat of one isolate: what it claims, what becomes of its results, how it sleeps, and what happens when jobs are taken from it or it
// dies, at each moment of a job's life. SPDX-License-Identifier: MIT
#include "core/isolate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/job_runner.h"
#include "support/isolates.h"

namespace padata {
namespace {

using test::FirstCpu;
using test::IsolateSeat;
using test::IsolateSteps;
using Slots = std::vector<uint32_t>;

class IsolateTest : public test::IsolatesTest {};

TEST_F(IsolateTest, ASlotTellsWhatTheFunctionIsGiven) {
  IsolateSeat seat(instance(), FirstCpu());
  Job* const job = Submit({.cb_cpu = 1234, .module_parallel = 7, .type = PADATA_RESULT_NUMBER, .number = 2.5});
  const double submitted = 12.5;
  std::memcpy(&job->part_size[1], &submitted, sizeof(submitted));
  ASSERT_EQ(seat.Turn().size(), 1u);
  const Isolate::Slot& slot = seat.isolate().shared().slots[0];
  EXPECT_EQ(slot.submitted_ms, submitted);
  const auto input = seat.Do([](IsolateSteps& steps) { return steps.Read(0); });
  EXPECT_EQ(input.function, 7u);
  EXPECT_EQ(input.type, static_cast<uint32_t>(PADATA_RESULT_NUMBER));
  EXPECT_EQ(input.number, 2.5);
  EXPECT_FALSE(input.is_serial);
  EXPECT_EQ(input.shell, port_->shell().id());
  EXPECT_EQ(input.seq_nr, 0u);
  EXPECT_EQ(input.cb_cpu, 1234);
  EXPECT_TRUE(seat.Begin(0));
  seat.Finish(0);
  seat.Turn(0);
  ExpectAll({0});
}

TEST_F(IsolateTest, WhatTheArenaHasNoPlaceForIsFetched) {
  IsolateSeat seat(instance(), FirstCpu(), 64);
  std::array<uint8_t, 40> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7);
  for (int i = 0; i < 2; ++i) Submit({.bytes = bytes.data(), .size = bytes.size(), .type = PADATA_RESULT_BYTES});
  Submit({.bytes = bytes.data(), .size = 0, .type = PADATA_RESULT_BYTES});
  MakeShort();
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 3u);
  EXPECT_EQ(seat.isolate().shared().slots[1].offset, Isolate::kNotFetched);
  for (uint32_t slot : {0u, 1u, 2u}) {
    ASSERT_TRUE(seat.Begin(slot));
    const auto input = seat.Do([slot](IsolateSteps& steps) { return steps.Read(slot); });
    EXPECT_EQ(input.bytes, std::vector(bytes.begin(), bytes.begin() + (slot == 2 ? 0 : bytes.size())));
    seat.Finish(slot);
  }
  seat.Turn(0);
  ExpectAll({0, 0, 0});
}

TEST_F(IsolateTest, ResultsLieInTheRoomOrInMemoryOfTheirOwn) {
  IsolateSeat seat(instance(), FirstCpu());
  std::array<uint8_t, 16> memory{};
  const auto bytes = [](size_t size) { return std::vector<uint8_t>(size, 0x5a); };
  // 0: as large as the room; 1: larger; 2: empty; 3: no room at all; 4: too large for Shared::bytes.
  const std::vector<size_t> sizes = {16, 17, 0, 3, Isolate::kResultBytes};
  for (size_t i = 0; i < sizes.size(); ++i) {
    const bool has_room = i != 3;
    Submit({.bytes = has_room ? memory.data() : nullptr, .room = has_room ? 16u : 0u});
    const Slots slots = seat.Turn(1);
    ASSERT_EQ(slots.size(), 1u);
    ASSERT_TRUE(seat.Begin(slots[0]));
    seat.Finish(slots[0], {.type = PADATA_RESULT_BYTES, .bytes = bytes(sizes[i])});
    seat.Turn(0);
  }
  ExpectAll({0, 0, 0, 0, 0});
  EXPECT_EQ(std::vector(memory.begin(), memory.end()), bytes(16));
  const std::vector<bool> is_own = {false, true, false, true, true};
  for (size_t i = 0; i < sizes.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(done_[i].result_type, PADATA_RESULT_BYTES | (is_own[i] ? kOwnMemory : 0u));
    EXPECT_EQ(done_[i].size, sizes[i]);
    EXPECT_EQ(done_[i].own == nullptr, !is_own[i]);
    if (is_own[i]) {
      const auto taken = engine_.loop().environment().TakeResult(done_[i].own);
      ASSERT_TRUE(taken);
      EXPECT_EQ(std::vector(taken->data(), taken->data() + taken->size()), bytes(sizes[i]));
    }
  }
}

TEST_F(IsolateTest, NumbersConstantsAndFailures) {
  IsolateSeat seat(instance(), FirstCpu());
  constexpr uint32_t kFailure = 4;  // lib/module/values.ts
  const std::vector<IsolateSteps::Output> outputs = {{PADATA_RESULT_NUMBER, 2.5, {}, 0},
                                                     {kConstantResult, 1, {}, 0},
                                                     {kFailure, 0, {1, 2, 3}, -EIO},
                                                     {PADATA_RESULT_NONE, 0, {}, 0}};
  for (const auto& output : outputs) {
    Submit({});
    const Slots slots = seat.Turn(1);
    ASSERT_EQ(slots.size(), 1u);
    ASSERT_TRUE(seat.Begin(slots[0]));
    seat.Finish(slots[0], output);
    seat.Turn(0);
  }
  ExpectAll({0, 0, -EIO, 0});
  EXPECT_EQ(done_[0].number, 2.5);
  EXPECT_EQ(done_[1].result_type, kConstantResult);
  EXPECT_EQ(done_[1].number, 1);
  EXPECT_EQ(done_[2].result_type, kFailure | kOwnMemory);
  EXPECT_EQ(done_[3].result_type, static_cast<uint32_t>(PADATA_RESULT_NONE));
}

TEST_F(IsolateTest, ItClaimsAsManyAsItWantsAndAsFitIntoABatch) {
  IsolateSeat seat(instance(), FirstCpu());
  for (int i = 0; i < 100; ++i) Submit({});
  EXPECT_EQ(seat.Turn(0).size(), 0u);
  Slots all = seat.Turn();
  EXPECT_EQ(all.size(), 1u) << "until something is known of their cost";
  MakeShort();
  for (const size_t wanted : {size_t{3}, size_t{Isolate::kSlots}}) {
    const Slots slots = seat.Turn(static_cast<uint32_t>(wanted));
    EXPECT_EQ(slots.size(), std::min(wanted, Isolate::kSlots - all.size())) << "the others are in use";
    all.insert(all.end(), slots.begin(), slots.end());
  }
  EXPECT_EQ(seat.Turn().size(), 0u) << "all are in use";
  EXPECT_EQ(instance().JobsOn(FirstCpu()), Isolate::kSlots);
  for (uint32_t slot : all) {
    EXPECT_TRUE(seat.Begin(slot));
    seat.Finish(slot);
  }
  FinishAll(seat);
  EXPECT_EQ(instance().JobsOn(FirstCpu()), 100u);
}

TEST_F(IsolateTest, ItSleepsArmedAndOneKickWakesIt) {
  IsolateSeat seat(instance(), FirstCpu());
  EXPECT_EQ(seat.Turn().size(), 0u);
  EXPECT_TRUE(seat.isolate().IsAsleep());
  EXPECT_EQ(group().attendance(), 0u);
  Submit({});
  EXPECT_EQ(seat.wakes(), 1);
  EXPECT_FALSE(seat.isolate().IsAsleep());
  Submit({});
  EXPECT_EQ(seat.wakes(), 1) << "it is on its way";
  FinishAll(seat);
  EXPECT_EQ(seat.Turn().size(), 0u);
  Submit({});
  EXPECT_EQ(seat.wakes(), 2) << "the first kick is over";
  FinishAll(seat);
}

TEST_F(IsolateTest, OneThatLooksByItselfIsNotTakenForAsleep) {
  IsolateSeat seat(instance(), FirstCpu());
  EXPECT_EQ(seat.Turn().size(), 0u);
  group().Attend();  // somebody, so that nobody kicks
  Submit({});
  const Slots slots = seat.Turn();
  EXPECT_EQ(slots.size(), 1u);
  EXPECT_FALSE(seat.isolate().IsAsleep());
  group().Unattend();
  EXPECT_TRUE(seat.Begin(slots[0]));
  seat.Finish(slots[0]);
  FinishAll(seat);
}

TEST_F(IsolateTest, AfterItsThreadHasEndedItIsNotWoken) {
  IsolateSeat seat(instance(), FirstCpu());
  EXPECT_EQ(seat.Turn().size(), 0u);
  seat.Die();
  EXPECT_FALSE(seat.isolate().WakeUp());
  EXPECT_EQ(seat.wakes(), 0);
}

// Jobs that are taken back.

TEST_F(IsolateTest, WhatHasNotBegunCanBeTakenBack) {
  IsolateSeat seat(instance(), FirstCpu());
  IsolateSeat other(instance(), FirstCpu());
  for (int i = 0; i < 3; ++i) Submit({});
  MakeShort();
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 3u);
  ASSERT_TRUE(seat.Begin(slots[0]));
  seat.isolate().TakeBack();
  EXPECT_EQ(group().queue().Backlog(), 2u);
  EXPECT_EQ(instance().JobsOn(FirstCpu()), 1u);
  EXPECT_FALSE(seat.Begin(slots[1]));
  const Slots theirs = other.Turn();
  ASSERT_EQ(theirs.size(), 2u);
  for (uint32_t slot : theirs) {
    ASSERT_TRUE(other.Begin(slot));
    other.Finish(slot);
  }
  other.Turn(0);
  EXPECT_FALSE(seat.Begin(slots[2]));
  EXPECT_EQ(engine_.loop().Drain(), 0u) << "the first one has not had its turn";
  seat.Finish(slots[0]);
  seat.Turn(0);
  ExpectAll({0, 0, 0});
}

TEST_F(IsolateTest, RescueIfStuckLooksForProgress) {
  IsolateSeat seat(instance(), FirstCpu());
  for (int i = 0; i < 4; ++i) Submit({});
  MakeShort();
  const Slots slots = seat.Turn();
  seat.Begin(slots[0]);
  seat.Finish(slots[0]);
  seat.Begin(slots[1]);
  seat.isolate().RescueIfStuck();
  EXPECT_EQ(group().queue().Backlog(), 0u) << "one has begun since";
  EXPECT_EQ(engine_.loop().Drain(), 0u);
  seat.isolate().RescueIfStuck();
  EXPECT_EQ(group().queue().Backlog(), 2u) << "those that have not begun";
  EXPECT_EQ(engine_.loop().Drain(), 1u) << "the one that was finished";
  seat.Begin(slots[2]);  // frees the slots
  seat.Begin(slots[3]);
  seat.Finish(slots[1]);
  FinishAll(seat);
  ExpectAll({0, 0, 0, 0});
}

// The slot of a job that was completed is free; the place of its outcome is not, until the next turn.
TEST_F(IsolateTest, WhatItHasFinishedCanBeCompletedWhileItRunsAnother) {
  IsolateSeat seat(instance(), FirstCpu());
  for (int i = 0; i < 4; ++i) Submit({});
  MakeShort();
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 4u);
  const auto finish = [&](size_t i) {
    ASSERT_TRUE(seat.Begin(slots[i]));
    seat.Finish(slots[i], {.type = PADATA_RESULT_NUMBER, .number = static_cast<double>(i), .bytes = {}});
  };
  seat.isolate().CompleteEarly();  // nothing yet
  finish(0);
  finish(1);
  seat.isolate().CompleteEarly();
  EXPECT_EQ(engine_.loop().Drain(), 2u);
  EXPECT_EQ(seat.isolate().shared().slots[slots[1]].state.load(), Isolate::kFree);
  finish(2);
  seat.isolate().CompleteEarly();
  seat.isolate().CompleteEarly();
  finish(3);
  seat.Turn(0);
  ExpectAll({0, 0, 0, 0});
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(done_[i].number, static_cast<double>(i));
  Submit({});
  FinishAll(seat);
}

TEST_F(IsolateTest, OneThatDiesLosesNothingOfWhatWasCompletedOnlyInPart) {
  IsolateSeat seat(instance(), FirstCpu());
  for (int i = 0; i < 3; ++i) Submit({});
  MakeShort();
  const Slots slots = seat.Turn();
  seat.Begin(slots[0]);
  seat.Finish(slots[0]);
  seat.isolate().CompleteEarly();
  seat.Begin(slots[1]);
  seat.Finish(slots[1]);
  EXPECT_TRUE(seat.Abandon().empty());
  ExpectAll({0, 0});
  instance().CancelBacklog();
  ExpectAll({0, 0, -ECANCELED});
}

TEST_F(IsolateTest, WhatIsTakenBackKeepsItsOrder) {
  IsolateSeat first(instance(), FirstCpu()), second(instance(), FirstCpu());
  std::array<Job*, 70> jobs{};
  for (Job*& job : jobs) job = Submit({});
  MakeShort();
  const Slots before = first.Turn(60);  // so that the slots of the next claims begin anew
  for (uint32_t slot : before) {
    first.Begin(slot);
    first.Finish(slot);
  }
  const Slots early = first.Turn(7), late = second.Turn(3);
  ASSERT_EQ(early.size() + late.size(), 10u);
  second.isolate().TakeBack();
  first.isolate().TakeBack();
  for (uint32_t slot : early) EXPECT_FALSE(first.Begin(slot));
  for (uint32_t slot : late) EXPECT_FALSE(second.Begin(slot));
  std::array<Job*, 10> batch{};
  ASSERT_EQ(group().queue().Claim(batch).count, 10u);
  EXPECT_TRUE(std::equal(batch.begin(), batch.end(), jobs.begin() + 60));
  for (Job* job : batch) CompleteWith(job, 0);
  engine_.loop().Drain();
}

TEST_F(IsolateTest, GiveBackWakesAnother) {
  IsolateSeat seat(instance(), FirstCpu());
  for (int i = 0; i < 2; ++i) Submit({});
  MakeShort();
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 2u);
  IsolateSeat other(instance(), FirstCpu());
  ASSERT_EQ(other.Turn().size(), 0u);
  seat.Begin(slots[0]);
  seat.Turn(0);
  seat.Do([&](IsolateSteps& steps) { steps.GiveBack({slots[1]}); });
  EXPECT_EQ(other.wakes(), 1);
  seat.Finish(slots[0]);
  seat.Turn(0);
  FinishAll(other);
}

// Withdrawn at each moment.

TEST_F(IsolateTest, WithdrawnWhileItWaits) {
  IsolateSeat seat(instance(), FirstCpu());
  Job* const job = Submit({});
  Submit({});
  EXPECT_FALSE(group().Withdraw(job));
  EXPECT_FALSE(group().Withdraw(job)) << "again";
  EXPECT_EQ(engine_.loop().Drain(), 0u) << "whoever claims it completes it";
  FinishAll(seat);
  ExpectAll({-ECANCELED, 0});
  EXPECT_EQ(instance().JobsOn(FirstCpu()), 1u) << "it has not run";
}

TEST_F(IsolateTest, WithdrawnWhenItWasClaimed) {
  IsolateSeat seat(instance(), FirstCpu());
  Job* const job = Submit({});
  const Slots slots = seat.Turn();
  EXPECT_TRUE(group().Withdraw(job));
  ExpectAll({-ECANCELED});
  EXPECT_FALSE(seat.Begin(slots[0]));
  EXPECT_EQ(instance().JobsOn(FirstCpu()), 0u);
  EXPECT_TRUE(seat.isolate().Retire()) << "it has nothing";
}

TEST_F(IsolateTest, WithdrawnWhenItHasBegunOrIsThrough) {
  IsolateSeat seat(instance(), FirstCpu());
  Job* const job = Submit({});
  const Slots slots = seat.Turn();
  ASSERT_TRUE(seat.Begin(slots[0]));
  EXPECT_FALSE(group().Withdraw(job));
  seat.Finish(slots[0], {.type = PADATA_RESULT_NUMBER, .number = 3, .bytes = {}});
  EXPECT_FALSE(group().Withdraw(job)) << "finished, and not completed";
  seat.Turn(0);
  EXPECT_FALSE(group().Withdraw(job)) << "completed, and not delivered";
  ExpectAll({0});
  EXPECT_EQ(done_[0].number, 3);
}

TEST_F(IsolateTest, WithdrawnWhenItWasTakenBack) {
  IsolateSeat seat(instance(), FirstCpu());
  Job* const job = Submit({});
  const Slots slots = seat.Turn();
  seat.isolate().TakeBack();
  EXPECT_FALSE(group().Withdraw(job));
  EXPECT_FALSE(seat.Begin(slots[0]));
  FinishAll(seat);
  ExpectAll({-ECANCELED});
}

TEST_F(IsolateTest, AnyNumberOfWithdrawnJobsIsOneTurn) {
  IsolateSeat seat(instance(), FirstCpu());
  constexpr int kJobs = 50'000;  // at one frame of the stack for each there would be none left
  for (int i = 0; i < kJobs; ++i) group().Withdraw(Submit({}));
  EXPECT_EQ(seat.Turn().size(), 0u);
  engine_.loop().Drain();
  EXPECT_EQ(done_.size(), static_cast<size_t>(kJobs));
}

}  // namespace
}  // namespace padata
