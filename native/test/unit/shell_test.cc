// The reorder engine: every order of completion gives the order of submission (invariant 2). SPDX-License-Identifier: MIT
#include "core/shell.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "support/engine.h"

namespace padata {
namespace {

using test::Engine;
using test::Port;

class ShellTest : public testing::Test {
 protected:
  // Submits closures; they are completed by the test.
  std::vector<Job*> Submit(uint64_t count) {
    std::vector<Job*> jobs;
    for (uint64_t i = 0; i < count; ++i) jobs.push_back(port_.Submit({.info = port_.submitted()}));
    return jobs;
  }
  uint32_t commit() { return port_.shell().control().commit.load(); }
  // Whether jobs 0 to count - 1 have been serialized, in that order, and no other one.
  bool IsInOrder(uint64_t count) const {
    std::vector<uint64_t> expected(count);
    std::iota(expected.begin(), expected.end(), uint64_t{0});
    return serialized_ == expected;
  }

  Engine engine_;
  std::vector<uint64_t> serialized_;
  Port port_{engine_.loop(), engine_.instance(), [this](Job&, uint64_t info) { serialized_.push_back(info); }};
};

TEST_F(ShellTest, NothingIsSerializedBeforeTheFirstJobIsDone) {
  const std::vector<Job*> jobs = Submit(4);
  for (size_t i : {3u, 1u, 2u}) {
    port_.Complete(jobs[i]);
    EXPECT_EQ(engine_.loop().Drain(), 0u);
    EXPECT_EQ(commit(), 0u);
  }
  port_.Complete(jobs[0]);
  EXPECT_EQ(commit(), 4u);
  EXPECT_EQ(engine_.loop().Drain(), 4u);
  EXPECT_TRUE(IsInOrder(4));
}

TEST_F(ShellTest, TheCursorStopsAtEachGap) {
  const std::vector<Job*> jobs = Submit(6);
  for (size_t i : {0u, 1u, 3u, 4u}) port_.Complete(jobs[i]);
  EXPECT_EQ(commit(), 2u);
  port_.Complete(jobs[2]);
  EXPECT_EQ(commit(), 5u);
  port_.Complete(jobs[5]);
  EXPECT_EQ(commit(), 6u);
  engine_.loop().Drain();
  EXPECT_TRUE(IsInOrder(6));
}

TEST_F(ShellTest, BackwardsOverManySegments) {
  constexpr uint64_t kJobs = 5 * kJobsPerSegment + 7;
  std::vector<Job*> jobs = Submit(kJobs);
  std::reverse(jobs.begin(), jobs.end());
  for (Job* job : jobs) {
    EXPECT_EQ(commit(), 0u);
    port_.Complete(job);
  }
  EXPECT_EQ(commit(), kJobs);
  engine_.loop().Drain();
  EXPECT_TRUE(IsInOrder(kJobs));
}

TEST_F(ShellTest, EveryPermutationOfFive) {
  std::vector<size_t> order(5);
  std::iota(order.begin(), order.end(), size_t{0});
  uint64_t total = 0;
  do {
    const std::vector<Job*> jobs = Submit(order.size());
    for (size_t i : order) port_.Complete(jobs[i]);
    engine_.loop().Drain();
    total += order.size();
    ASSERT_TRUE(IsInOrder(total));
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(total, 5u * 120);
}

// What is in flight goes past the end of a segment by every number of jobs, so that the cursor has to wait at the end of one whose
// successor is not there yet, and segments are taken back while jobs of the next one wait.
TEST_F(ShellTest, EveryAlignmentWithTheEndOfASegment) {
  uint64_t total = 0;
  for (uint64_t count = 1; count <= kJobsPerSegment + 2; ++count) {
    std::vector<Job*> jobs = Submit(count);
    std::shuffle(jobs.begin(), jobs.end(), std::mt19937_64(count));
    for (Job* job : jobs) port_.Complete(job);
    ASSERT_EQ(commit(), static_cast<uint32_t>(total += count));
    engine_.loop().Drain();
    ASSERT_TRUE(IsInOrder(total));
  }
}

TEST_F(ShellTest, TheSegmentsOfRetiredJobsAreUsedAgain) {
  std::vector<const Segment*> segments;
  for (int round = 0; round < 20; ++round) {
    const std::vector<Job*> jobs = Submit(kJobsPerSegment);
    segments.push_back(Segment::Of(jobs[0]));
    for (Job* job : jobs) port_.Complete(job);
    engine_.loop().Drain();
  }
  std::sort(segments.begin(), segments.end());
  segments.erase(std::unique(segments.begin(), segments.end()), segments.end());
  EXPECT_LE(segments.size(), 3u);
}

TEST_F(ShellTest, AShellDoesNotWaitForAnother) {
  const std::vector<Job*> stuck = Submit(3);
  uint64_t others = 0;
  Port other(engine_.loop(), engine_.instance(), [&](Job&, uint64_t) { ++others; });
  std::vector<Job*> jobs;
  for (int i = 0; i < 1000; ++i) jobs.push_back(other.Submit({}));
  for (Job* job : jobs) other.Complete(job);
  engine_.loop().Drain();
  EXPECT_EQ(others, 1000u);
  EXPECT_TRUE(serialized_.empty());
  for (Job* job : stuck) port_.Complete(job);
  engine_.loop().Drain();
  EXPECT_TRUE(IsInOrder(3));
}

}  // namespace
}  // namespace padata
