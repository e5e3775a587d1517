// Which CPUs may work on a multithreaded job, how many at a time, whose turn it is, and when a job is done.
#include "core/mt_queue.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

namespace padata {
namespace {

class MtQueueTest : public testing::Test {
 protected:
  // A job of 8 chunks for each worker.
  RefPtr<MtJob> Add(MtDescription description, uint64_t workers, const CpuMask& usable) {
    description.request = {.start = 0, .size = 1'000'000, .max_threads = workers};
    RefPtr<MtJob> job(new MtJob(std::move(description)));
    queue_.Add(job, usable);
    return job;
  }
  static void Exhaust(MtJob& job) {
    while (job.Claim({})) {
    }
  }

  int done_ = 0;
  MtQueue queue_{[this] { ++done_; }};
};

TEST_F(MtQueueTest, OnlySoManyThreadsJoinAsThereAreWorkers) {
  const auto job = Add({}, 2, {0, 1, 2});
  EXPECT_TRUE(queue_.Wants(2));
  EXPECT_EQ(queue_.Join(2), job);
  EXPECT_EQ(queue_.Join(0), job);
  EXPECT_FALSE(queue_.Wants(1));
  EXPECT_FALSE(queue_.Join(1));
  queue_.Leave(*job);
  EXPECT_TRUE(queue_.Wants(1));
  EXPECT_EQ(queue_.Join(1), job);
}

TEST_F(MtQueueTest, TheCallerIsOneOfThemAndHelpersAreOnOtherCpus) {
  const auto job = Add({.has_caller = true, .starter_cpu = 0}, 2, {0, 1, 2});
  EXPECT_FALSE(queue_.Wants(0));
  EXPECT_EQ(queue_.Helpers().cpus, (std::vector<int>{1, 2}));
  EXPECT_EQ(queue_.Helpers().count, 1u);
  EXPECT_EQ(queue_.Join(1), job);
  EXPECT_FALSE(queue_.Join(2));
}

TEST_F(MtQueueTest, WhereThereIsNoOtherCpuTheCallersOwnMayHelp) {
  const auto job = Add({.has_caller = true, .starter_cpu = 3}, 2, {3});
  EXPECT_EQ(queue_.Join(3), job);
}

TEST_F(MtQueueTest, WithoutACallerTheEventLoopsCpuIsTheLastChoice) {
  Add({.starter_cpu = 1}, 3, {0, 1, 2});
  EXPECT_EQ(queue_.Helpers().cpus, (std::vector<int>{0, 2, 1}));
  EXPECT_EQ(queue_.Helpers().count, 3u);
  EXPECT_TRUE(queue_.Wants(1));
}

TEST_F(MtQueueTest, ANumaAwareJobIsSpreadOverTheNodes) {
  const NumaNodes nodes({{0, {0, 1}}, {1, {2, 3}}});
  Add({.is_numa_aware = true, .nodes = nodes}, 2, {0, 1, 2, 3});
  EXPECT_EQ(queue_.Helpers().cpus, (std::vector<int>{0, 2}));
  EXPECT_FALSE(queue_.Wants(1));
  queue_.MasksChanged({1, 3});
  EXPECT_EQ(queue_.Helpers().cpus, (std::vector<int>{1, 3}));
  EXPECT_FALSE(queue_.Wants(0));
}

TEST_F(MtQueueTest, JobsTakeTurns) {
  const auto a = Add({}, 3, {0});
  const auto b = Add({}, 3, {0});
  std::vector<MtJob*> turns;
  for (int i = 0; i < 4; ++i) {
    turns.push_back(queue_.Join(0).get());
    queue_.Leave(*turns.back());
  }
  EXPECT_EQ(turns, (std::vector<MtJob*>{a.get(), b.get(), a.get(), b.get()}));
}

TEST_F(MtQueueTest, AJobIsDoneWhenNoChunkIsLeftAndTheLastThreadLeaves) {
  const auto job = Add({}, 2, {0, 1});
  queue_.Join(0);
  queue_.Join(1);
  Exhaust(*job);
  queue_.Leave(*job);
  EXPECT_FALSE(job->IsDone());
  queue_.Leave(*job);
  EXPECT_TRUE(job->IsDone());
  EXPECT_EQ(done_, 1);
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(MtQueueTest, LeavingWithChunksLeftIsNotTheEnd) {
  const auto job = Add({}, 2, {0, 1});
  queue_.Join(0);
  queue_.Leave(*job);
  EXPECT_FALSE(job->IsDone());
  EXPECT_TRUE(queue_.Wants(0));
}

TEST_F(MtQueueTest, WithACallerNobodyElseIsTold) {
  const auto job = Add({.has_caller = true, .starter_cpu = 0}, 2, {0, 1});
  Exhaust(*job);
  EXPECT_TRUE(job->TakeCallerOut());
  EXPECT_FALSE(job->TakeCallerOut());
  queue_.Leave(*job);
  EXPECT_TRUE(job->IsDone());
  EXPECT_EQ(done_, 0);
}

TEST_F(MtQueueTest, AStoppedJobIsDoneAtOnceIfNobodyWorksOnIt) {
  const auto idle = Add({}, 2, {0});
  idle->Stop();
  queue_.Settle(*idle);
  EXPECT_TRUE(idle->IsDone());
  queue_.Settle(*idle);  // is not there any more
  const auto busy = Add({}, 2, {0});
  queue_.Join(0);
  busy->Stop();
  queue_.Settle(*busy);
  EXPECT_FALSE(busy->IsDone());
  queue_.Leave(*busy);
  EXPECT_TRUE(busy->IsDone());
  EXPECT_EQ(done_, 2);
}

TEST_F(MtQueueTest, AnEmptyJobIsDoneAtOnce) {
  RefPtr<MtJob> job(new MtJob({.request = {.size = 0, .max_threads = 3}}));
  queue_.Add(job, {0});
  EXPECT_TRUE(job->IsDone());
  EXPECT_EQ(done_, 1);
}

TEST_F(MtQueueTest, StopAllEndsEveryJobCallersIncluded) {
  const auto a = Add({}, 2, {0});
  const auto b = Add({.has_caller = true}, 2, {0});
  const auto c = Add({.has_caller = true}, 2, {0});
  EXPECT_EQ(queue_.Join(0), a);
  queue_.Leave(*a);
  EXPECT_EQ(queue_.Join(0), b);
  queue_.Leave(*b);
  EXPECT_TRUE(c->TakeCallerOut());  // it has come to the end of its chunks before
  queue_.Leave(*c);
  queue_.StopAll();
  EXPECT_TRUE(a->IsDone() && b->IsDone() && c->IsDone());
  EXPECT_EQ(queue_.size(), 0u);
}

}  // namespace
}  // namespace padata
