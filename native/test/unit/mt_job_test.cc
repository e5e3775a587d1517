// One multithreaded job by itself: who gets which chunk, what becomes of failures, when it is done.
#include "core/mt_job.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <vector>

#include "support/ranges.h"
#include "support/stress.h"

namespace padata {
namespace {

using test::Loop;
using test::Ranges;

RefPtr<MtJob> NewJob(MtDescription description) { return RefPtr<MtJob>(new MtJob(std::move(description))); }

std::vector<uint64_t> StartsFor(MtJob& job, const MtSeat& seat) {
  std::vector<uint64_t> starts;
  while (const auto chunk = job.Claim(seat)) starts.push_back(chunk->units.start);
  return starts;
}

// 8 chunks of 10 units.
constexpr MtRequest kEight = {.start = 0, .size = 80, .max_threads = 2};

TEST(MtJobTest, ChunksAreHandedOutInOrderEachOnce) {
  const auto job = NewJob({.request = kEight});
  EXPECT_TRUE(job->HasChunks());
  EXPECT_EQ(StartsFor(*job, {}), (std::vector<uint64_t>{0, 10, 20, 30, 40, 50, 60, 70}));
  EXPECT_FALSE(job->HasChunks());
}

TEST(MtJobTest, EachThreadBeginsWithAPartOfItsOwn) {
  MtDescription description = {.request = kEight, .threads = 3};
  description.request.min_chunk = 10;
  description.request.max_threads = 8;
  const auto job = NewJob(description);
  EXPECT_EQ(StartsFor(*job, job->SeatOf(0)), (std::vector<uint64_t>{0, 10, 20, 30, 40, 50, 60, 70}));
  EXPECT_EQ(StartsFor(*NewJob(description), job->SeatOf(1)), (std::vector<uint64_t>{30, 40, 50, 60, 70, 0, 10, 20}));
  EXPECT_EQ(StartsFor(*NewJob(description), job->SeatOf(5)), (std::vector<uint64_t>{60, 70, 0, 10, 20, 30, 40, 50}));
  EXPECT_EQ(StartsFor(*NewJob(description), job->SeatOf(-1)).front(), 0u);
}

TEST(MtJobTest, ThereAreNoMorePartsThanChunks) {
  EXPECT_EQ(
      StartsFor(*NewJob({.request = {.start = 0, .size = 80, .min_chunk = 10, .max_threads = 8}, .threads = 1000}),
                {.lane = 7})
          .front(),
      70u);
  EXPECT_EQ(StartsFor(*NewJob({.request = {.start = 0, .size = 0, .max_threads = 2}, .threads = 4}), {}).size(), 0u);
}

TEST(MtJobTest, AnEmptyRangeHasNoChunk) {
  const auto job = NewJob({.request = {.start = 5, .size = 0, .max_threads = 2}});
  EXPECT_FALSE(job->HasChunks());
  EXPECT_FALSE(job->Claim({}).has_value());
}

TEST(MtJobTest, AStoppedJobHandsOutNothing) {
  const auto job = NewJob({.request = kEight});
  EXPECT_TRUE(job->Claim({}).has_value());
  job->Stop();
  EXPECT_FALSE(job->HasChunks());
  EXPECT_FALSE(job->Claim({}).has_value());
}

TEST(MtJobTest, AFailureStopsItAndIsKept) {
  const auto job = NewJob({.request = kEight});
  const auto first = job->Claim({}), second = job->Claim({}), third = job->Claim({});
  job->Complete(*first, 0);
  EXPECT_EQ(job->units_done(), 10u);
  job->Complete(*second, -EIO);
  job->Complete(*third, 5);  // no errno at all
  EXPECT_EQ(job->units_done(), 10u);
  EXPECT_FALSE(job->HasChunks());
  const auto failures = job->failures();
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(failures[0].status, -EIO);
  EXPECT_EQ(failures[0].units, (MtRange{10, 20}));
  EXPECT_EQ(failures[1].status, -EPROTO);
}

TEST(MtJobTest, UnitsDoneAreThoseOfAllLanes) {
  const auto job = NewJob({.request = kEight, .threads = 2});
  job->Complete(*job->Claim({.lane = 0}), 0);
  job->Complete(*job->Claim({.lane = 1}), 0);
  EXPECT_EQ(job->units_done(), 20u);
}

TEST(MtJobTest, AChunkIsOneCallOfTheFunction) {
  Loop loop;
  Ranges ranges(loop);
  const auto job = NewJob({.request = kEight, .function = ranges.function()});
  while (job->RunChunk({})) {
  }
  EXPECT_TRUE(ranges.AreExactly(job->plan()));
  EXPECT_EQ(job->units_done(), 80u);
}

TEST(MtJobTest, AThreadTakesChunksNearItFirst) {
  const MtDescription description = {
      .request = kEight, .is_numa_aware = true, .placement = {{{0, 40}, 1}, {{40, 60}, 0}, {{65, 80}, 1}}};
  EXPECT_EQ(StartsFor(*NewJob(description), {.node = 0}), (std::vector<uint64_t>{40, 50, 0, 10, 20, 30, 60, 70}));
  EXPECT_EQ(StartsFor(*NewJob(description), {.node = 1}), (std::vector<uint64_t>{0, 10, 20, 30, 70, 40, 50, 60}));
  EXPECT_EQ(StartsFor(*NewJob(description), {.node = 7}), (std::vector<uint64_t>{0, 10, 20, 30, 40, 50, 60, 70}));
}

TEST(MtJobTest, APlacementOutsideTheRangeOrWithinAChunkChangesNothing) {
  const auto job = NewJob({.request = kEight,
                           .is_numa_aware = true,
                           .placement = {{{12, 18}, 0}, {{21, 22}, 1}, {{80, 200}, 1}, {{300, 400}, 0}}});
  EXPECT_EQ(StartsFor(*job, {.node = 1}).size(), 8u);
}

TEST(MtJobTest, PlacementsKeepTheChunksWhateverTheyAre) {
  test::Random random(test::Seed());
  for (uint64_t round = 0; round < test::Scaled(5'000); ++round) {
    MtDescription description{.request = {.start = random() % 100,
                                          .size = random() % 300,
                                          .align = 1 + random() % 7,
                                          .min_chunk = 1 + random() % 9,
                                          .max_threads = 1 + random() % 6},
                              .is_numa_aware = true};
    for (uint64_t unit = random() % 60; unit < 500; unit += random() % 60) {
      const uint64_t end = unit + 1 + random() % 90;
      description.placement.push_back({{unit, end}, static_cast<int>(random() % 3)});
      unit = end;
    }
    if (random() % 4 == 0) description.placement.clear();
    description.threads = random() % 9;
    const auto job = NewJob(description);
    std::vector<uint64_t> starts;
    while (const auto chunk = job->Claim({.node = static_cast<int>(random() % 4) - 1, .lane = random() % 10}))
      starts.push_back(chunk->units.start);
    std::sort(starts.begin(), starts.end());
    std::vector<uint64_t> expected;
    for (uint64_t i = 0; i < job->plan().chunks(); ++i) expected.push_back(job->plan().Chunk(i).start);
    ASSERT_EQ(starts, expected);
  }
}

TEST(MtJobTest, WaitingEndsWhenItIsDoneOrTheTimeIsUp) {
  const auto job = NewJob({.request = kEight});
  EXPECT_FALSE(job->AwaitDone(0));
  EXPECT_FALSE(job->AwaitDone(100'000));
  std::thread other([&] { job->Finish(); });
  EXPECT_TRUE(job->AwaitDone(test::kForEver));
  other.join();
  EXPECT_TRUE(job->AwaitDone(0));
}

}  // namespace
}  // namespace padata
