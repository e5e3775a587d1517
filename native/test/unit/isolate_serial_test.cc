// Module functions as serial(): what they are given, one at a time on each CPU, in order also where the isolate dies or is replaced.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include "core/isolate.h"
#include "core/job_runner.h"
#include "support/isolates.h"

namespace padata {
namespace {

using test::FirstCpu;
using test::IsolateSeat;
using test::IsolateSteps;
using Slots = std::vector<uint32_t>;

class IsolateSerialTest : public test::IsolatesTest {
 protected:
  static constexpr uint32_t kSerial = 9;

  // Submits closures with a serial() on `cpu`, and completes them: it is their turn.
  void Deliver(int jobs, int cpu = FirstCpu()) {
    for (int i = 0; i < jobs; ++i) port_->Complete(Submit({.cb_cpu = cpu, .module_serial = kSerial}));
  }
  uint64_t SeqNrIn(IsolateSeat& seat, uint32_t slot) {
    return seat.Do([slot](IsolateSteps& steps) { return steps.Read(slot).seq_nr; });
  }
  // What one isolate is given as serial()s, until there is no more.
  std::vector<uint64_t> RunAll(IsolateSeat& seat) {
    std::vector<uint64_t> seq_nrs;
    for (Slots slots = seat.Turn(); !slots.empty(); slots = seat.Turn()) {
      EXPECT_EQ(slots.size(), 1u);
      seq_nrs.push_back(SeqNrIn(seat, slots[0]));
      EXPECT_TRUE(seat.Begin(slots[0]));
      seat.Finish(slots[0]);
    }
    engine_.loop().Drain();
    return seq_nrs;
  }
};

TEST_F(IsolateSerialTest, IsGivenWhatParallelCameTo) {
  IsolateSeat seat(instance(), FirstCpu());
  std::array<uint8_t, 8> memory{1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<IsolateSteps::Output> outputs = {
      {PADATA_RESULT_NUMBER, 2.5, {}, 0},  {kConstantResult, 2, {}, 0},
      {PADATA_RESULT_BYTES, 0, {9, 8}, 0}, {PADATA_RESULT_BYTES, 0, std::vector<uint8_t>(100, 7), 0},
      {PADATA_RESULT_NONE, 0, {}, 0},      {4, 0, {1}, -EIO}};
  for (const auto& output : outputs) {
    Submit({.cb_cpu = FirstCpu(),
            .bytes = memory.data(),
            .size = 8,
            .module_parallel = 1,
            .module_serial = kSerial,
            .room = 8});
    Slots slots = seat.Turn(1);
    ASSERT_EQ(slots.size(), 1u);
    ASSERT_TRUE(seat.Begin(slots[0]));
    seat.Finish(slots[0], output);
    slots = seat.Turn(1);
    ASSERT_EQ(slots.size(), 1u);
    const auto input = seat.Do([&](IsolateSteps& steps) { return steps.Read(slots[0]); });
    EXPECT_TRUE(input.is_serial);
    EXPECT_EQ(input.function, kSerial);
    EXPECT_EQ(input.type, output.type);
    EXPECT_EQ(input.bytes, output.bytes);
    const bool is_number = output.type == PADATA_RESULT_NUMBER || output.type == kConstantResult;
    EXPECT_EQ(is_number ? input.number : output.number, output.number);
    EXPECT_EQ(engine_.loop().Drain(), 0u) << "its serial() has not returned";
    ASSERT_TRUE(seat.Begin(slots[0]));
    seat.Finish(slots[0]);
    seat.Turn(0);
    EXPECT_EQ(engine_.loop().Drain(), 1u);
  }
  EXPECT_EQ(instance().JobsOn(FirstCpu()), outputs.size()) << "serial() calls are not counted";
}

TEST_F(IsolateSerialTest, IsGivenTheErrnoOfANativeFunction) {
  IsolateSeat seat(instance(), FirstCpu());
  port_->Complete(Submit({.cb_cpu = FirstCpu(), .module_serial = kSerial}), -EBADMSG);
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 1u);
  const auto input = seat.Do([&](IsolateSteps& steps) { return steps.Read(slots[0]); });
  EXPECT_EQ(input.type, kStatusInput);
  EXPECT_EQ(input.number, -EBADMSG);
  seat.Begin(slots[0]);
  seat.Finish(slots[0]);
  seat.Turn(0);
  ExpectAll({-EBADMSG});
}

TEST_F(IsolateSerialTest, WakesTheIsolateOfItsCpuOnly) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  IsolateSeat seat(instance(), FirstCpu());
  IsolateSeat other(instance(), test::SecondCpu());
  seat.Turn();
  other.Turn();
  Deliver(1, test::SecondCpu());
  EXPECT_EQ(seat.wakes(), 0);
  EXPECT_EQ(other.wakes(), 1);
  EXPECT_FALSE(group().HasSerial(FirstCpu()));
  EXPECT_TRUE(group().HasSerial(test::SecondCpu()));
  EXPECT_EQ(RunAll(seat), std::vector<uint64_t>());
  EXPECT_EQ(RunAll(other), std::vector<uint64_t>{0});
}

TEST_F(IsolateSerialTest, OneAtATimeAndBeforeOtherJobs) {
  IsolateSeat seat(instance(), FirstCpu());
  Submit({});
  Deliver(2);
  EXPECT_EQ(engine_.loop().Drain(), 0u);
  Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 1u);
  ASSERT_TRUE(seat.Begin(slots[0]));
  EXPECT_FALSE(seat.Do([&](IsolateSteps& steps) { return steps.Read(slots[0]).is_serial; }))
      << "it is not their turn yet";
  seat.Finish(slots[0]);
  Submit({});
  slots = seat.Turn();
  ASSERT_EQ(slots.size(), 1u);
  EXPECT_EQ(SeqNrIn(seat, slots[0]), 1u);
  ASSERT_TRUE(seat.Begin(slots[0]));
  const Slots meanwhile = seat.Turn(1);
  ASSERT_EQ(meanwhile.size(), 1u) << "the first serial() is asynchronous, and there is room for another job";
  EXPECT_EQ(SeqNrIn(seat, meanwhile[0]), 3u);
  EXPECT_EQ(seat.Turn(1).size(), 0u) << "the second one waits, and the isolate sleeps";
  EXPECT_TRUE(seat.isolate().IsAsleep());
  seat.Finish(slots[0]);
  EXPECT_EQ(RunAll(seat), std::vector<uint64_t>{2});
  seat.Begin(meanwhile[0]);
  seat.Finish(meanwhile[0]);
  FinishAll(seat);
}

TEST_F(IsolateSerialTest, IsNotTakenBackNorWithdrawn) {
  IsolateSeat seat(instance(), FirstCpu());
  Job* const job = Submit({.cb_cpu = FirstCpu(), .module_parallel = 1, .module_serial = kSerial});
  ASSERT_TRUE(seat.RunOne());
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 1u);
  seat.isolate().TakeBack();
  EXPECT_FALSE(group().Withdraw(job)) << "parallel() is through";
  SetParallel({});
  EXPECT_TRUE(seat.Begin(slots[0])) << "cb_cpu is of the other mask";
  seat.Finish(slots[0]);
  seat.Turn(0);
  ExpectAll({0});
}

// The isolate is on its way out, and another one has taken its place.

TEST_F(IsolateSerialTest, ASuccessorWaitsForTheOneThatHasBegun) {
  IsolateSeat seat(instance(), FirstCpu());
  Deliver(3);
  const Slots slots = seat.Turn();
  ASSERT_TRUE(seat.Begin(slots[0]));
  EXPECT_FALSE(seat.isolate().Retire());
  IsolateSeat successor(instance(), FirstCpu());
  EXPECT_EQ(successor.Turn().size(), 0u);
  EXPECT_FALSE(group().HasSerial(FirstCpu()));
  seat.Finish(slots[0]);
  EXPECT_EQ(seat.Turn().size(), 0u) << "it has retired";
  EXPECT_EQ(successor.wakes(), 1);
  EXPECT_EQ(RunAll(successor), (std::vector<uint64_t>{1, 2}));
}

TEST_F(IsolateSerialTest, WhatDiedBeforeItBeganComesFirst) {
  IsolateSeat seat(instance(), FirstCpu());
  Deliver(2);
  ASSERT_EQ(seat.Turn().size(), 1u);
  IsolateSeat successor(instance(), FirstCpu());
  EXPECT_EQ(successor.Turn().size(), 0u);
  EXPECT_TRUE(seat.Abandon().empty());
  EXPECT_EQ(successor.wakes(), 1);
  EXPECT_EQ(RunAll(successor), (std::vector<uint64_t>{0, 1}));
}

TEST_F(IsolateSerialTest, WhatDiedAfterItBeganCountsAsMade) {
  IsolateSeat seat(instance(), FirstCpu());
  Deliver(2);
  const Slots slots = seat.Turn();
  ASSERT_TRUE(seat.Begin(slots[0]));
  IsolateSeat successor(instance(), FirstCpu());
  EXPECT_EQ(successor.Turn().size(), 0u);
  const std::vector<Isolate::Died> died = seat.Abandon();
  ASSERT_EQ(died.size(), 1u);
  EXPECT_TRUE(died[0].is_serial);
  EXPECT_EQ(died[0].seq_nr, 0u);
  EXPECT_EQ(died[0].shell, port_->shell().id());
  EXPECT_EQ(engine_.loop().Drain(), 1u);
  EXPECT_EQ(successor.wakes(), 1);
  EXPECT_EQ(RunAll(successor), std::vector<uint64_t>{1});
}

TEST_F(IsolateSerialTest, WhatHadReturnedWhenItDiedIsMade) {
  IsolateSeat seat(instance(), FirstCpu());
  Deliver(1);
  const Slots slots = seat.Turn();
  seat.Begin(slots[0]);
  seat.Finish(slots[0]);
  EXPECT_TRUE(seat.Abandon().empty());
  ExpectAll({0});
}

// The isolate dies while it has jobs with a module function as parallel(): at each moment.

TEST_F(IsolateSerialTest, JobsOfAnIsolateThatDies) {
  IsolateSeat seat(instance(), FirstCpu());
  std::vector<Job*> jobs;
  for (int i = 0; i < 5; ++i) jobs.push_back(Submit({}));
  MakeShort();
  const Slots slots = seat.Turn();
  ASSERT_EQ(slots.size(), 5u);
  for (uint32_t i : {0u, 1u, 3u}) ASSERT_TRUE(seat.Begin(slots[i]));
  seat.Finish(slots[0]);  // completed
  seat.Turn(0);
  seat.Finish(slots[1], {.type = PADATA_RESULT_NUMBER, .number = 1, .bytes = {}});  // finished only
  // 2: claimed. 3: begun.
  seat.isolate().Withdraw(jobs[4]);
  CompleteWith(jobs[4], -ECANCELED);
  IsolateSeat other(instance(), FirstCpu());
  EXPECT_EQ(other.Turn().size(), 0u);
  const std::vector<Isolate::Died> died = seat.Abandon();
  ASSERT_EQ(died.size(), 1u);
  EXPECT_EQ(died[0].job, jobs[3]);
  EXPECT_EQ(died[0].seq_nr, 3u);
  EXPECT_FALSE(died[0].is_serial);
  EXPECT_EQ(group().attendance(), 0u);
  EXPECT_EQ(other.wakes(), 1) << "2 is for the others";
  ASSERT_TRUE(other.RunOne());
  EXPECT_FALSE(other.RunOne());
  EXPECT_EQ(engine_.loop().Drain(), 3u);
  CompleteWith(jobs[3], -EOWNERDEAD);
  ExpectAll({0, 0, 0, -EOWNERDEAD, -ECANCELED});
  EXPECT_EQ(done_[1].number, 1);
}

}  // namespace
}  // namespace padata
