// The thread functions of src/functions/: against loops, in any chunks, and with parts that are too short.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <random>
#include <vector>

#include "functions/functions.h"

namespace padata::functions {
namespace {

using Bytes = std::vector<uint8_t>;

int32_t CallRange(const padata_function* function, uint64_t start, uint64_t end, std::vector<padata_part> parts) {
  auto* const arg = reinterpret_cast<uint8_t*>(parts.data());
  return function->range(start, end, arg, parts.size() * sizeof(padata_part), function->ctx);
}

template <typename T>
padata_part PartOf(std::vector<T>& values) {
  return {reinterpret_cast<uint8_t*>(values.data()), values.size() * sizeof(T)};
}

Bytes AnyBytes(size_t size, std::mt19937& random) {
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// Calls work(start, end) for pieces of [0, size) that have all small sizes.
template <typename Work>
void InPieces(uint64_t size, Work work) {
  uint64_t piece = 1;
  for (uint64_t at = 0; at < size; at += piece++) work(at, std::min(at + piece, size));
}

TEST(RangeFunctionsTest, SayWhatTheyAre) {
  for (const padata_function* function : {Histogram(), Sum(), Translate()}) {
    EXPECT_EQ(function->kind, PADATA_KIND_RANGE);
    EXPECT_EQ(function->flags, PADATA_TAKES_PARTS);
    EXPECT_EQ(function->job, nullptr);
    EXPECT_NE(function->range, nullptr);
  }
}

TEST(RangeFunctionsTest, HistogramCountsEachByte) {
  std::mt19937 random(1);
  Bytes bytes = AnyBytes(5003, random);
  std::vector<uint64_t> counts(256);
  InPieces(bytes.size(), [&](uint64_t start, uint64_t end) {
    ASSERT_EQ(CallRange(Histogram(), start, end, {PartOf(bytes), PartOf(counts)}), 0);
  });
  std::vector<uint64_t> expected(256);
  for (uint8_t byte : bytes) ++expected[byte];
  EXPECT_EQ(counts, expected);
}

TEST(RangeFunctionsTest, SumAddsToTheTotal) {
  std::vector<double> values(5003);
  std::iota(values.begin(), values.end(), -100.0);
  std::vector<double> total = {0.5};
  InPieces(values.size(), [&](uint64_t start, uint64_t end) {
    ASSERT_EQ(CallRange(Sum(), start, end, {PartOf(values), PartOf(total)}), 0);
  });
  EXPECT_EQ(total[0], std::accumulate(values.begin(), values.end(), 0.5));
}

TEST(RangeFunctionsTest, TranslateReplacesEachByte) {
  std::mt19937 random(2);
  Bytes bytes = AnyBytes(5003, random);
  Bytes table = AnyBytes(256, random);
  Bytes expected = bytes;
  for (uint8_t& byte : expected) byte = table[byte];
  InPieces(bytes.size(), [&](uint64_t start, uint64_t end) {
    ASSERT_EQ(CallRange(Translate(), start, end, {PartOf(bytes), PartOf(table)}), 0);
  });
  EXPECT_EQ(bytes, expected);
}

TEST(RangeFunctionsTest, PartsThatAreTooShortOrMissingAreRefused) {
  Bytes bytes(100);
  Bytes short_table(255);
  std::vector<uint64_t> counts(256);
  std::vector<uint64_t> short_counts(255);
  std::vector<double> values(10);
  std::vector<double> none;
  EXPECT_EQ(CallRange(Histogram(), 0, 101, {PartOf(bytes), PartOf(counts)}), -ERANGE);
  EXPECT_EQ(CallRange(Histogram(), 0, 100, {PartOf(bytes), PartOf(short_counts)}), -ERANGE);
  EXPECT_EQ(CallRange(Histogram(), 0, 100, {PartOf(bytes)}), -ERANGE);
  EXPECT_EQ(CallRange(Histogram(), 0, 100, {}), -ERANGE);
  EXPECT_EQ(CallRange(Sum(), 0, 11, {PartOf(values), PartOf(values)}), -ERANGE);
  EXPECT_EQ(CallRange(Sum(), uint64_t{1} << 61, (uint64_t{1} << 61) + 1, {PartOf(values), PartOf(values)}), -ERANGE);
  EXPECT_EQ(CallRange(Sum(), 0, 10, {PartOf(values), PartOf(none)}), -ERANGE);
  EXPECT_EQ(CallRange(Translate(), 0, 100, {PartOf(bytes), PartOf(short_table)}), -ERANGE);
  EXPECT_EQ(CallRange(Translate(), 0, 101, {PartOf(bytes), PartOf(counts)}), -ERANGE);
}

TEST(RangeFunctionsTest, PartsThatAreNotAlignedAreRefused) {
  std::vector<double> values(10);
  Bytes bytes(100);
  const padata_part crooked = {reinterpret_cast<uint8_t*>(values.data()) + 1, 64};
  EXPECT_EQ(CallRange(Sum(), 0, 1, {crooked, PartOf(values)}), -ERANGE);
  EXPECT_EQ(CallRange(Sum(), 0, 1, {PartOf(values), crooked}), -ERANGE);
}

}  // namespace
}  // namespace padata::functions
