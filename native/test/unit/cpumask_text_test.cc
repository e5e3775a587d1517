// Cpumasks as text. What a real kernel did with 450 bitmaps is in cpumask_store_test.cc. SPDX-License-Identifier: MIT
#include "core/cpumask_text.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <random>
#include <string>

namespace padata {
namespace {

using namespace std::string_literals;

struct Refused {
  std::string text;
  std::optional<int> nr_cpus;
  int error;
  size_t position;
};

CpuMask Bitmap(std::string_view text, std::optional<int> nr_cpus = std::nullopt) {
  const CpuMaskParseResult result = ParseBitmap(text, nr_cpus);
  EXPECT_TRUE(result.ok()) << '"' << text << "\" " << result.error << " at " << result.position;
  return result.mask;
}

CpuMask List(std::string_view text, std::optional<int> nr_cpus = std::nullopt) {
  const CpuMaskParseResult result = ParseList(text, nr_cpus);
  EXPECT_TRUE(result.ok()) << '"' << text << "\" " << result.error << " at " << result.position;
  return result.mask;
}

void ExpectRefused(const CpuMaskParseResult& result, const Refused& row) {
  SCOPED_TRACE(testing::PrintToString(row.text));
  EXPECT_EQ(result.error, row.error);
  EXPECT_EQ(result.position, row.position);
  EXPECT_TRUE(result.mask.IsEmpty());
}

TEST(ParseBitmap, Words) {
  EXPECT_EQ(Bitmap("f"), (CpuMask{0, 1, 2, 3}));
  EXPECT_EQ(Bitmap("1,00000000"), CpuMask{32});
  EXPECT_EQ(Bitmap("1 2"), (CpuMask{32, 1}));
  EXPECT_EQ(Bitmap("8000 0001"), (CpuMask{47, 0}));
  EXPECT_EQ(Bitmap("DeadBeef"), Bitmap("deadbeef"));
  EXPECT_EQ(Bitmap(" ,\t\v\f\r\xA0, 3 ,,"), (CpuMask{0, 1}));
  EXPECT_EQ(Bitmap(""), CpuMask{});
  EXPECT_EQ(Bitmap("0"), CpuMask{});
}

TEST(ParseBitmap, NewlineAndNulEndTheText) {
  EXPECT_EQ(Bitmap("f\nzzzz"), Bitmap("f"));
  EXPECT_EQ(Bitmap("f\0zzzz"s), Bitmap("f"));
  EXPECT_EQ(Bitmap("\nf"), CpuMask{});
}

TEST(ParseBitmap, Refusals) {
  const Refused rows[] = {
      {"0-3", {}, EINVAL, 1},
      {"0xf", {}, EINVAL, 1},
      {"f\x85", {}, EINVAL, 1},
      {"000000001", {}, EOVERFLOW, 0},
      {"1,000000001", {}, EOVERFLOW, 2},
      {"f", 3, EOVERFLOW, 0},
      {" 1,0", 32, EOVERFLOW, 1},
      {"0,0", 32, EOVERFLOW, 0},
      {"2 00000000", 33, EOVERFLOW, 0},
      // Read from the end: the first error on the way is the one that counts.
      {"x,000000001", {}, EOVERFLOW, 2},
      {"000000001,x", {}, EINVAL, 10},
      {"x,0", 4, EOVERFLOW, 0},
      {"x0", 4, EINVAL, 0},
      {"x000000001", {}, EOVERFLOW, 0},
  };
  for (const Refused& row : rows) ExpectRefused(ParseBitmap(row.text, row.nr_cpus), row);
}

// The kernel's parser swallows one character that is no digit directly in front of a word of eight; ours refuses it.
TEST(ParseBitmap, TheSlipOfTheKernelIsRefused) {
  ExpectRefused(ParseBitmap("x0000000f", 4), {"x0000000f", 4, EINVAL, 0});
  ExpectRefused(ParseBitmap("1;0000000f", 64), {"1;0000000f", 64, EINVAL, 1});
  ExpectRefused(ParseBitmap("0x0000000f", 64), {"0x0000000f", 64, EINVAL, 1});
}

TEST(ParseBitmap, HostileTextMakesNoLargeMask) {
  EXPECT_EQ(ParseBitmap(std::string(10'000'000, 'f')).error, EOVERFLOW);
  std::string words;
  for (int i = 0; i < kMaxCpus / 32; ++i) words += "f ";
  EXPECT_EQ(Bitmap(words).Last(), kMaxCpus - 32 + 3);
  EXPECT_EQ(ParseBitmap("0 " + words).error, EOVERFLOW);
}

TEST(ParseList, CpusRangesAndGroups) {
  EXPECT_EQ(List("0-3,8"), (CpuMask{0, 1, 2, 3, 8}));
  EXPECT_EQ(List("8,0"), (CpuMask{0, 8}));
  EXPECT_EQ(List("0-7:1/2"), (CpuMask{0, 2, 4, 6}));
  EXPECT_EQ(List("3-12:2/4"), (CpuMask{3, 4, 7, 8, 11, 12}));
  EXPECT_EQ(List("0-4:2/3"), (CpuMask{0, 1, 3, 4}));
  EXPECT_EQ(List("0-3:0/2"), CpuMask{});
  EXPECT_EQ(List("1-2:4/4294967295"), (CpuMask{1, 2}));
  EXPECT_EQ(List("007"), CpuMask{7});
  EXPECT_EQ(List(std::to_string(kMaxCpus - 1)), CpuMask{kMaxCpus - 1});
}

TEST(ParseList, Separators) {
  for (const auto& text : {""s, " "s, ",,"s, "\n"s, "\0"s, "\0"s + "5"}) EXPECT_EQ(List(text), CpuMask{}) << text;
  EXPECT_EQ(List(" ,\t1\v,\f2-3\r\xA0,"), (CpuMask{1, 2, 3}));
  EXPECT_EQ(List("1 2"), (CpuMask{1, 2}));
}

TEST(ParseList, WhereTheTextEnds) {
  EXPECT_EQ(List("0-1\n5"), (CpuMask{0, 1}));
  EXPECT_EQ(List("1\nzzz"), CpuMask{1});
  EXPECT_EQ(List("1\0zzz"s), CpuMask{1});
  EXPECT_EQ(List("1,\n5"), (CpuMask{1, 5}));       // among separators a newline is white space
  EXPECT_EQ(List("0-1:1/2\n5"), (CpuMask{0, 5}));  // and so it is behind a group
}

TEST(ParseList, LastAndAll) {
  EXPECT_EQ(List("all", 5), CpuMask::FirstCpus(5));
  EXPECT_EQ(List("ALL", 5), CpuMask::FirstCpus(5));
  EXPECT_EQ(List("aLl:1/2", 5), (CpuMask{0, 2, 4}));
  EXPECT_EQ(List("N", 5), CpuMask{4});
  EXPECT_EQ(List("0,3-N", 5), (CpuMask{0, 3, 4}));
  EXPECT_EQ(List("N-N", 5), CpuMask{4});
  EXPECT_EQ(List("0-N:1/N", 5), (CpuMask{0, 4}));
}

TEST(ParseList, Refusals) {
  const Refused rows[] = {
      {"0-3,x", {}, EINVAL, 4},
      {"-1", {}, EINVAL, 0},
      {"0-", {}, EINVAL, 2},
      {"0-\n", {}, EINVAL, 2},
      {"0--3", {}, EINVAL, 2},
      {"0 - 3", {}, EINVAL, 2},
      {"0xf", {}, EINVAL, 1},
      {"1.5", {}, EINVAL, 1},
      {"+1", {}, EINVAL, 0},
      {"10-1", {}, EINVAL, 3},
      {"3:1/2", {}, EINVAL, 1},
      {"0-31:", {}, EINVAL, 5},
      {"0-31:1", {}, EINVAL, 6},
      {"0-31:1/", {}, EINVAL, 7},
      {"0-31:0/0", {}, EINVAL, 7},
      {"0-31:1/0", {}, EINVAL, 7},
      {"0-31:10/1", {}, EINVAL, 8},
      {"0-31:a/1", {}, EINVAL, 5},
      {"0-31:1/2x", {}, EINVAL, 8},
      {"0-3:1/2N", 8, EINVAL, 7},  // two entries to the kernel, which asks for no separator there
      {"all", {}, EINVAL, 0},
      {"N", {}, EINVAL, 0},
      {"0-N", {}, EINVAL, 2},
      {"n", 8, EINVAL, 0},
      {"all5", 8, EINVAL, 3},
      {"al", 8, EINVAL, 0},
      {"N:1/2", 8, EINVAL, 1},
      {"8", 8, ERANGE, 0},
      {"0,4-8", 8, ERANGE, 4},
      {"0-8:1/2", 8, ERANGE, 2},
      {std::to_string(kMaxCpus), {}, ERANGE, 0},
      {"4294967295", {}, ERANGE, 0},
      {"4294967296", {}, EOVERFLOW, 0},
      {"0-98765432123456789:10/1", {}, EOVERFLOW, 2},
      {"0-3:1/4294967296", {}, EOVERFLOW, 6},
      // Read from the start, an entry at a time; the form of an entry comes first, then its sense, then its range.
      {"9,x", 8, ERANGE, 0},
      {"9-x", 8, EINVAL, 2},
      {"9-8", 8, EINVAL, 2},
  };
  for (const Refused& row : rows) ExpectRefused(ParseList(row.text, row.nr_cpus), row);
}

TEST(ParseList, HostileTextCostsLittle) {
  EXPECT_EQ(ParseList("0-4294967295").error, ERANGE);
  EXPECT_EQ(ParseList(std::string(10'000'000, '9')).error, EOVERFLOW);
  std::string groups;
  for (int i = 0; i < 100; ++i) groups += "0-65535:1/2,";
  EXPECT_EQ(List(groups).Weight(), kMaxCpus / 2);
}

// CPU-numbered rows: nr_cpu_ids, the empty mask as a kernel of that size prints it.
TEST(FormatBitmap, TheTopWordIsPaddedToItsCpus) {
  const std::pair<int, const char*> rows[] = {
      {1, "0"},
      {4, "0"},
      {5, "00"},
      {8, "00"},
      {32, "00000000"},
      {33, "0,00000000"},
      {36, "0,00000000"},
      {37, "00,00000000"},
      {64, "00000000,00000000"},
      {72, "00,00000000,00000000"},
  };
  for (const auto& [nr_cpus, text] : rows) EXPECT_EQ(FormatBitmap({}, nr_cpus), text) << nr_cpus;
  EXPECT_EQ(FormatBitmap({0, 1, 2, 3}, 40), "00,0000000f");
  EXPECT_EQ(FormatBitmap({71, 64, 31, 33}, 72), "81,00000002,80000000");
}

TEST(FormatBitmap, NoCpuIsLost) {
  EXPECT_EQ(FormatBitmap({0, 9}, 4), "201");
  EXPECT_EQ(FormatBitmap({}, 0), "0");
  EXPECT_EQ(FormatBitmap({}, -1), "0");
}

TEST(FormatList, Ranges) {
  EXPECT_EQ(FormatList({}), "");
  EXPECT_EQ(FormatList({0}), "0");
  EXPECT_EQ(FormatList({0, 1}), "0-1");
  EXPECT_EQ(FormatList({0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(FormatList({1, 3, 5, 63, 64, 65}), "1,3,5,63-65");
  EXPECT_EQ(FormatList(CpuMask::FirstCpus(kMaxCpus)), "0-65535");
}

TEST(CpuMaskText, WhatIsPrintedIsReadBack) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    const int nr_cpus = 1 + static_cast<int>(random() % 9000);
    CpuMask mask;
    for (unsigned i = random() % 60; i > 0; --i) {
      const int first = static_cast<int>(random() % static_cast<unsigned>(nr_cpus));
      mask.SetRange(first, std::min(nr_cpus - 1, first + static_cast<int>(random() % 70)));
    }
    ASSERT_EQ(Bitmap(FormatBitmap(mask, nr_cpus), nr_cpus), mask) << nr_cpus;
    ASSERT_EQ(List(FormatList(mask), nr_cpus), mask) << FormatList(mask);
  }
}

}  // namespace
}  // namespace padata
