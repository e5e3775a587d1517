// Extended sequence numbers (RFC 4303, appendix A2.2). SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <random>

#include "functions/esp.h"

namespace padata::functions {
namespace {

constexpr uint64_t kSubspace = uint64_t{1} << 32;

TEST(InferSequence, CaseA) {
  EXPECT_EQ(InferSequence(1000, 1001, 64), 1001U);
  EXPECT_EQ(InferSequence(1000, 1000 - 63, 64), 1000U - 63U);              // the bottom of the window
  EXPECT_EQ(InferSequence(1000, 1000 - 64, 64), kSubspace + 1000U - 64U);  // below it: the next subspace
  EXPECT_EQ(InferSequence(5 * kSubspace + 63, 0, 64), 5 * kSubspace);
}

TEST(InferSequence, CaseB) {
  EXPECT_EQ(InferSequence(5 * kSubspace + 62, 0xFFFFFFFF, 64), 5 * kSubspace - 1);  // the bottom of the window
  EXPECT_EQ(InferSequence(5 * kSubspace + 62, 0xFFFFFFFE, 64), 5 * kSubspace + 0xFFFFFFFE);
  EXPECT_EQ(InferSequence(5 * kSubspace, 1, 64), 5 * kSubspace + 1);
}

// Whatever is inside of the window or less than 2^32 - window ahead is found, also when the top lags behind.
TEST(InferSequence, FindsEveryNumberWithinReach) {
  const uint64_t seed = std::random_device()();
  std::cout << "seed " << seed << '\n';
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200000; ++i) {
    const uint32_t window = 1 + static_cast<uint32_t>(random() % 4096);
    uint64_t top = kSubspace + random() % (8 * kSubspace);
    if (i % 2 == 0) top = (top & ~(kSubspace - 1)) + random() % 8192 - 4096;  // near a border
    const uint64_t offset = i % 3 == 0 ? random() % (window + 100) : random() % kSubspace;
    const uint64_t sequence = top - (window - 1) + offset;
    ASSERT_EQ(InferSequence(top, static_cast<uint32_t>(sequence), window), sequence) << top << ' ' << window;
  }
}

}  // namespace
}  // namespace padata::functions
