// The queue of an instance: claiming, growing, giving back, and the point where positions wrap. SPDX-License-Identifier: MIT
#include "core/job_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

namespace padata {
namespace {

// Tokens are only passed on, so any number does for an address.
Job* Token(uint64_t number) { return reinterpret_cast<Job*>(number * sizeof(Job)); }

class JobQueueTest : public testing::Test {
 protected:
  // Both positions as they are after that many jobs.
  void BeginAt(uint64_t position) {
    control_.tail = tail_ = static_cast<uint32_t>(position);
    control_.head = position;
  }
  void Push(uint64_t number) {
    const SharedMemory& memory = *queue_.memory();
    const uint32_t capacity = static_cast<uint32_t>(memory.size() / sizeof(uint64_t));
    ASSERT_LT(control_.tail - static_cast<uint32_t>(control_.head), capacity);
    reinterpret_cast<std::atomic<uint64_t>*>(memory.data())[tail_ % capacity] =
        reinterpret_cast<uint64_t>(Token(number));
    control_.tail = ++tail_;
  }
  std::vector<Job*> Claim(size_t most) {
    std::vector<Job*> batch(most);
    batch.resize(queue_.Claim(batch).count);
    return batch;
  }
  // The same, as they can be given back.
  std::vector<JobQueue::Returned> ClaimPlaces(size_t most) {
    std::vector<Job*> batch(most);
    const auto [count, position] = queue_.Claim(batch);
    std::vector<JobQueue::Returned> places;
    for (size_t i = 0; i < count; ++i) places.push_back({position + i, batch[i]});
    return places;
  }
  static std::vector<Job*> Tokens(uint64_t first, uint64_t end) {
    std::vector<Job*> tokens;
    for (; first < end; ++first) tokens.push_back(Token(first));
    return tokens;
  }

  JobQueue::Control control_{};
  JobQueue queue_{control_};
  uint32_t tail_ = 0;
};

TEST_F(JobQueueTest, EmptyQueueGivesNothing) {
  EXPECT_EQ(queue_.Backlog(), 0u);
  EXPECT_TRUE(Claim(8).empty());
}

TEST_F(JobQueueTest, ClaimsComeInTheOrderOfThePushes) {
  for (uint64_t i = 1; i <= 10; ++i) Push(i);
  EXPECT_EQ(queue_.Backlog(), 10u);
  EXPECT_EQ(Claim(4), Tokens(1, 5));
  EXPECT_EQ(queue_.Backlog(), 6u);
  EXPECT_EQ(Claim(64), Tokens(5, 11));
  EXPECT_EQ(queue_.Backlog(), 0u);
  EXPECT_TRUE(Claim(1).empty());
}

TEST_F(JobQueueTest, WhatIsGivenBackIsClaimedFirstAndOnce) {
  for (uint64_t i = 1; i <= 4; ++i) Push(i);
  const auto claimed = ClaimPlaces(3);
  queue_.GiveBack(std::span(claimed).subspan(1));
  EXPECT_EQ(queue_.Backlog(), 3u);
  EXPECT_EQ(Claim(1), Tokens(2, 3));
  EXPECT_EQ(Claim(8), Tokens(3, 4));
  EXPECT_EQ(Claim(8), Tokens(4, 5));
  EXPECT_EQ(queue_.Backlog(), 0u);
  EXPECT_TRUE(Claim(8).empty());
}

TEST_F(JobQueueTest, WhatIsGivenBackKeepsItsPlaceWhoeverGivesItBackFirst) {
  for (uint64_t i = 1; i <= 9; ++i) Push(i);
  const auto first = ClaimPlaces(3), second = ClaimPlaces(3);
  queue_.GiveBack(second);
  queue_.GiveBack(std::span(first).subspan(2));
  queue_.GiveBack(std::span(first).first(2));
  EXPECT_EQ(queue_.Backlog(), 9u);
  EXPECT_EQ(Claim(2), Tokens(1, 3));
  EXPECT_EQ(Claim(8), Tokens(3, 7));
  EXPECT_EQ(Claim(8), Tokens(7, 10));
}

TEST_F(JobQueueTest, OneClaimOfThoseGivenBackIsWithoutGaps) {
  for (uint64_t i = 1; i <= 6; ++i) Push(i);
  const auto claimed = ClaimPlaces(6);
  queue_.GiveBack(std::array{claimed[5], claimed[0], claimed[3], claimed[1]});
  for (const auto& [first, count] : {std::pair{0u, 2u}, std::pair{3u, 1u}, std::pair{5u, 1u}}) {
    const auto again = ClaimPlaces(8);
    ASSERT_EQ(again.size(), count);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(again[i].position, claimed[first + i].position);
      EXPECT_EQ(again[i].job, claimed[first + i].job);
    }
  }
  EXPECT_EQ(queue_.Backlog(), 0u);
}

TEST_F(JobQueueTest, IsStuckWhereJobsWaitAndNoneIsClaimed) {
  EXPECT_FALSE(queue_.IsStuck()) << "nothing waits";
  for (uint64_t i = 1; i <= 4; ++i) Push(i);
  EXPECT_TRUE(queue_.IsStuck()) << "none was claimed";
  const auto claimed = ClaimPlaces(2);
  EXPECT_FALSE(queue_.IsStuck()) << "some were claimed since";
  EXPECT_TRUE(queue_.IsStuck());
  Claim(2);
  queue_.GiveBack(claimed);
  EXPECT_TRUE(queue_.IsStuck()) << "some were given back";
  Claim(2);
  EXPECT_FALSE(queue_.IsStuck());
}

TEST_F(JobQueueTest, GrowingKeepsWhatWaitsAndItsOrder) {
  constexpr uint64_t kFirst = JobQueue::kInitialCapacity;
  for (uint64_t i = 1; i <= kFirst / 2; ++i) Push(i);
  ASSERT_EQ(Claim(kFirst / 2).size(), kFirst / 2);  // so that the tokens that wait lie on both sides of the ring's end
  for (uint64_t i = 1; i <= kFirst; ++i) Push(i);
  ASSERT_TRUE(queue_.Grow());
  EXPECT_EQ(queue_.memory()->size(), 2 * kFirst * sizeof(uint64_t));
  for (uint64_t i = kFirst + 1; i <= 2 * kFirst; ++i) Push(i);
  EXPECT_EQ(queue_.Backlog(), 2 * kFirst);
  EXPECT_EQ(Claim(3 * kFirst), Tokens(1, 2 * kFirst + 1));
}

TEST_F(JobQueueTest, PositionsWrapAt32Bits) {
  for (uint64_t turn : {uint64_t{1}, uint64_t{5}}) {
    SCOPED_TRACE(turn);
    BeginAt((turn << 32) - 3);
    for (uint64_t i = 1; i <= 6; ++i) Push(i);
    EXPECT_EQ(queue_.Backlog(), 6u);
    EXPECT_EQ(Claim(2), Tokens(1, 3));
    EXPECT_EQ(Claim(2), Tokens(3, 5));
    EXPECT_EQ(Claim(2), Tokens(5, 7));
    EXPECT_EQ(control_.head.load(), (turn << 32) + 3);
    EXPECT_TRUE(Claim(2).empty());
  }
}

TEST_F(JobQueueTest, GrowingWhereThePositionsWrap) {
  BeginAt((uint64_t{1} << 32) - 100);
  for (uint64_t i = 1; i <= JobQueue::kInitialCapacity; ++i) Push(i);
  ASSERT_TRUE(queue_.Grow());
  Push(JobQueue::kInitialCapacity + 1);
  EXPECT_EQ(Claim(2 * JobQueue::kInitialCapacity), Tokens(1, JobQueue::kInitialCapacity + 2));
}

}  // namespace
}  // namespace padata
