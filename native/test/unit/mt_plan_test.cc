// The rules for workers and chunks, against a model that walks over the range.
#include "core/mt_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/stress.h"

namespace padata {
namespace {

using test::Random;
using Wide = unsigned __int128;

constexpr uint64_t kMost = (uint64_t{1} << 53) - 1;

// The rules of the document, word by word, in arithmetic that cannot overflow.
struct Model {
  Wide workers = 0;
  Wide chunk = 0;
  std::vector<MtRange> chunks;

  explicit Model(const MtRequest& request) {
    if (request.size == 0) return;
    const Wide least = std::max(request.min_chunk, request.align);
    workers = Wide{request.size} < least ? Wide{1} : request.size / least;
    if (workers > request.max_threads) workers = request.max_threads;
    const Wide end = Wide{request.start} + request.size;
    if (workers == 1) {
      chunks.push_back({request.start, static_cast<uint64_t>(end)});
      return;
    }
    chunk = request.size / (4 * workers);
    if (chunk < request.min_chunk) chunk = request.min_chunk;
    if (chunk < 1) chunk = 1;
    while (chunk % request.align != 0) chunk += request.align - chunk % request.align;
    Wide at = request.start;
    while (at < end) {
      Wide next = at + 1;  // the first boundary behind `at`
      if (next % chunk != 0) next += chunk - next % chunk;
      next = std::min(next, end);
      chunks.push_back({static_cast<uint64_t>(at), static_cast<uint64_t>(next)});
      at = next;
    }
  }
};

std::string Text(const MtRequest& request) {
  return "start " + std::to_string(request.start) + " size " + std::to_string(request.size) + " align " +
         std::to_string(request.align) + " min_chunk " + std::to_string(request.min_chunk) + " max_threads " +
         std::to_string(request.max_threads);
}

void ExpectAsTheModel(const MtRequest& request) {
  SCOPED_TRACE(Text(request));
  const MtPlan plan(request);
  const Model model(request);
  ASSERT_EQ(plan.workers(), static_cast<uint64_t>(model.workers));
  if (plan.workers() > 1) {
    ASSERT_EQ(plan.chunk_size(), static_cast<uint64_t>(model.chunk));
  }
  ASSERT_EQ(plan.chunks(), model.chunks.size());
  for (uint64_t i = 0; i < plan.chunks(); ++i) {
    const MtRange chunk = plan.Chunk(i);
    ASSERT_EQ(chunk, model.chunks[i]);
    ASSERT_EQ(plan.ChunkOf(chunk.start), i);
    ASSERT_EQ(plan.ChunkOf(chunk.end - 1), i);
  }
}

// Small values are likely, but all sizes come.
uint64_t AnyUpTo(Random& random, uint64_t most) {
  const uint64_t bits = random() % 54;
  return std::min(random() & ((uint64_t{1} << bits) - 1), most);
}

MtRequest AnyRequest(Random& random) {
  MtRequest request;
  request.start = AnyUpTo(random, kMost);
  request.size = AnyUpTo(random, kMost - request.start);
  request.align = std::max<uint64_t>(AnyUpTo(random, kMost), 1);
  request.min_chunk = std::max<uint64_t>(AnyUpTo(random, kMost), 1);
  request.max_threads = 1 + random() % 200;
  return request;
}

TEST(MtPlanTest, AnyJobIsSplitAsTheModelSays) {
  Random random(test::Seed());
  for (uint64_t i = 0; i < test::Scaled(20'000); ++i) ExpectAsTheModel(AnyRequest(random));
}

TEST(MtPlanTest, SmallJobsAreSplitAsTheModelSays) {
  Random random(test::Seed() + 1);
  for (uint64_t i = 0; i < test::Scaled(20'000); ++i) {
    ExpectAsTheModel({.start = random() % 50,
                      .size = random() % 500,
                      .align = 1 + random() % 20,
                      .min_chunk = 1 + random() % 30,
                      .max_threads = 1 + random() % 9});
  }
}

TEST(MtPlanTest, NothingIsNoChunk) {
  const MtPlan plan({.start = 7, .size = 0, .max_threads = 4});
  EXPECT_EQ(plan.workers(), 0u);
  EXPECT_EQ(plan.chunks(), 0u);
}

TEST(MtPlanTest, OneWorkerGetsTheWholeRangeWhateverTheAlignment) {
  const MtPlan plan({.start = 3, .size = 100, .align = 64, .min_chunk = 60, .max_threads = 8});
  EXPECT_EQ(plan.workers(), 1u);
  ASSERT_EQ(plan.chunks(), 1u);
  EXPECT_EQ(plan.Chunk(0), (MtRange{3, 103}));
}

TEST(MtPlanTest, ChunksEndOnBoundariesFromZeroOn) {
  // 80 units for 2 workers: 8 chunks of 10, but the range begins within one.
  const MtPlan plan({.start = 5, .size = 80, .align = 10, .max_threads = 2});
  EXPECT_EQ(plan.chunk_size(), 10u);
  ASSERT_EQ(plan.chunks(), 9u);
  EXPECT_EQ(plan.Chunk(0), (MtRange{5, 10}));
  EXPECT_EQ(plan.Chunk(1), (MtRange{10, 20}));
  EXPECT_EQ(plan.Chunk(8), (MtRange{80, 85}));
}

TEST(MtPlanTest, TheLargestQuantitiesAreExact) {
  ExpectAsTheModel({.start = 0, .size = kMost, .max_threads = 64});
  ExpectAsTheModel({.start = kMost - 1, .size = 1, .max_threads = kMost});
  ExpectAsTheModel({.start = 1, .size = kMost - 1, .align = kMost, .min_chunk = kMost, .max_threads = kMost});
  ExpectAsTheModel({.start = kMost - 100, .size = 100, .align = 3, .min_chunk = 1, .max_threads = kMost});
  ExpectAsTheModel({.start = 0, .size = kMost, .align = (uint64_t{1} << 50) + 1, .max_threads = 2});
}

}  // namespace
}  // namespace padata
