// CpuMask against std::set<int>, which is too simple to be wrong. SPDX-License-Identifier: MIT
#include "core/cpumask.h"

#include <gtest/gtest.h>

#include <climits>
#include <iterator>
#include <random>
#include <set>
#include <vector>

namespace padata {
namespace {

std::set<int> ToSet(const CpuMask& mask) { return {mask.begin(), mask.end()}; }

CpuMask ToMask(const std::set<int>& cpus) {
  CpuMask mask;
  for (int cpu : cpus) mask.Set(cpu);
  return mask;
}

TEST(CpuMask, EmptyMaskHasNoCpu) {
  const CpuMask mask;
  EXPECT_TRUE(mask.IsEmpty());
  EXPECT_EQ(mask.Weight(), 0);
  EXPECT_EQ(mask.First(), -1);
  EXPECT_EQ(mask.Last(), -1);
  EXPECT_EQ(mask.Next(5), -1);
  EXPECT_EQ(mask.Nth(0), -1);
  EXPECT_EQ(mask.begin(), mask.end());
  EXPECT_TRUE(mask.words().empty());
}

TEST(CpuMask, WordBoundaries) {
  const CpuMask mask = {0, 63, 64, 127, 128, kMaxCpus - 1};
  EXPECT_EQ(ToSet(mask), (std::set<int>{0, 63, 64, 127, 128, kMaxCpus - 1}));
  EXPECT_EQ(mask.First(), 0);
  EXPECT_EQ(mask.Last(), kMaxCpus - 1);
  EXPECT_EQ(mask.Next(63), 64);
  EXPECT_EQ(mask.Next(128), kMaxCpus - 1);
  EXPECT_EQ(mask.Next(kMaxCpus - 1), -1);
  EXPECT_EQ(mask.Next(INT_MIN), 0);
  EXPECT_EQ(mask.words().size(), size_t{kMaxCpus} / 64);
}

TEST(CpuMask, NumbersThatAreNoCpuAreIgnored) {
  CpuMask mask;
  for (int cpu : {-1, INT_MIN, kMaxCpus, INT_MAX - 1}) {
    mask.Set(cpu);
    mask.Clear(cpu);
    EXPECT_FALSE(mask.Has(cpu));
  }
  mask.SetRange(5, 4);
  EXPECT_TRUE(mask.IsEmpty());
  mask.SetRange(-10, 1);
  EXPECT_EQ(mask, (CpuMask{0, 1}));
  mask.SetRange(kMaxCpus - 1, INT_MAX);
  EXPECT_EQ(mask.Last(), kMaxCpus - 1);
}

TEST(CpuMask, EqualityIgnoresHowAMaskCameAbout) {
  CpuMask shrunk = {3, 700};
  EXPECT_NE(shrunk, CpuMask{3});
  shrunk.Clear(700);
  EXPECT_EQ(shrunk, CpuMask{3});
  EXPECT_EQ((CpuMask{3, 700}).AndNot({700}), CpuMask{3});
  EXPECT_EQ((CpuMask{3, 700}).And({3, 699}), CpuMask{3});
  const std::vector<uint64_t> words = {8, 0, 0};
  EXPECT_EQ(CpuMask::FromWords(words), CpuMask{3});
}

TEST(CpuMask, FromWordsLeavesOutWhatIsTooHigh) {
  std::vector<uint64_t> words(kMaxCpus / 64 + 3, ~uint64_t{0});
  EXPECT_EQ(CpuMask::FromWords(words), CpuMask::FirstCpus(kMaxCpus));
}

TEST(CpuMask, FirstCpus) {
  EXPECT_TRUE(CpuMask::FirstCpus(0).IsEmpty());
  EXPECT_TRUE(CpuMask::FirstCpus(-3).IsEmpty());
  for (int count : {1, 2, 63, 64, 65, 8192, kMaxCpus}) {
    const CpuMask mask = CpuMask::FirstCpus(count);
    EXPECT_EQ(mask.Weight(), count);
    EXPECT_EQ(mask.Last(), count - 1);
  }
  EXPECT_EQ(CpuMask::FirstCpus(INT_MAX).Weight(), kMaxCpus);
}

// kernel/padata.c, padata_do_parallel: an unusable cb_cpu stands for the CPU at index cb_cpu % weight.
TEST(CpuMask, NthWrapsAround) {
  const CpuMask mask = {2, 5, 64, 200};
  const std::vector<int> expected = {2, 5, 64, 200, 2, 5, 64, 200};
  for (uint32_t i = 0; i < expected.size(); ++i) EXPECT_EQ(mask.Nth(i), expected[i]) << i;
  EXPECT_EQ(mask.Nth(UINT32_MAX), 200);  // 2^32 - 1 is 3 modulo 4
}

TEST(CpuMask, AgreesWithASetOnRandomMasks) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::set<int> a;
    std::set<int> b;
    const int span = 1 << (1 + random() % 12);
    for (unsigned i = random() % 100; i > 0; --i) a.insert(static_cast<int>(random()) & (span - 1));
    for (unsigned i = random() % 100; i > 0; --i) b.insert(static_cast<int>(random()) & (span - 1));
    const CpuMask mask_a = ToMask(a);
    const CpuMask mask_b = ToMask(b);

    std::set<int> both, either, only_a;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::inserter(either, either.end()));
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(only_a, only_a.end()));
    ASSERT_EQ(ToSet(mask_a), a);
    ASSERT_EQ(mask_a.And(mask_b), ToMask(both));
    ASSERT_EQ(mask_a.Or(mask_b), ToMask(either));
    ASSERT_EQ(mask_a.AndNot(mask_b), ToMask(only_a));
    ASSERT_EQ(mask_a.Intersects(mask_b), !both.empty());
    ASSERT_EQ(mask_a == mask_b, a == b);
    ASSERT_EQ(mask_a.Weight(), static_cast<int>(a.size()));
    ASSERT_EQ(CpuMask::FromWords(mask_a.words()), mask_a);
    for (uint32_t i = 0; i < a.size(); ++i) ASSERT_EQ(mask_a.Nth(i), *std::next(a.begin(), i));
  }
}

}  // namespace
}  // namespace padata
