// noop, echo, spin and crc32, called as padata calls them. SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <string_view>

#include "functions/crc32.h"
#include "functions/functions.h"
#include "support/function_call.h"

namespace padata::functions {
namespace {

using test::Bytes;
using test::Call;
using test::FunctionReference;
using test::Outcome;

// The definition, a bit at a time: too simple to be wrong.
uint32_t Crc32ByDefinition(const Bytes& bytes) {
  uint32_t crc = ~0U;
  for (uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
  }
  return ~crc;
}

uint64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

TEST(Functions, DescribeThemselvesByTheCurrentAbi) {
  const FunctionReference spin(NewSpin(1));
  for (const padata_function* function : {Noop(), Echo(), Crc32(), spin.get()}) {
    EXPECT_EQ(function->struct_size, sizeof(padata_function));
    EXPECT_EQ(function->abi_major, PADATA_ABI_MAJOR);
    EXPECT_EQ(function->kind, static_cast<uint32_t>(PADATA_KIND_JOB));
    EXPECT_EQ(function->range, nullptr);
    EXPECT_NE(std::string_view(function->name), "");
  }
}

TEST(Functions, NoopHasNoResult) {
  const Outcome outcome = Call(Noop(), {{1, 2, 3}});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.type, static_cast<uint32_t>(PADATA_RESULT_NONE));
}

TEST(Functions, EchoGivesAllPartsBack) {
  EXPECT_EQ(Call(Echo(), {{1, 2}, {}, {3}}).bytes, (Bytes{1, 2, 3}));
  const Outcome empty = Call(Echo(), {});
  EXPECT_EQ(empty.type, static_cast<uint32_t>(PADATA_RESULT_BYTES));
  EXPECT_TRUE(empty.bytes.empty());
}

TEST(Functions, SpinTakesAtLeastItsTime) {
  const FunctionReference spin(NewSpin(3'000'000));
  const uint64_t start = NowNs();
  EXPECT_EQ(Call(spin.get(), {}).status, 0);
  EXPECT_GE(NowNs() - start, 3'000'000U);
}

TEST(Functions, SpinLivesUntilItsLastReferenceIsDropped) {
  const padata_function* spin = NewSpin(0);
  const padata_function copy = *spin;  // what nativeFunction() keeps
  copy.retain(copy.ctx);
  ReleaseFunction(spin);
  EXPECT_EQ(Call(&copy, {}).status, 0);  // AddressSanitizer would see a use after the end
  copy.release(copy.ctx);
}

TEST(Crc32, GivesTheCheckValue) {
  const std::string_view check = "123456789";
  EXPECT_EQ(Call(Crc32(), {{}, Bytes(check.begin(), check.end())}).number, 0xCBF43926);
  EXPECT_EQ(Call(Crc32(), {}).number, 0);
}

TEST(Crc32, AgreesWithTheDefinitionAtEveryLengthAndAlignment) {
  std::mt19937 random(20240601);
  Bytes noise(600);
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
  for (size_t size = 0; size <= 520; ++size) {
    const size_t offset = size % 17;
    const Bytes bytes(noise.begin() + static_cast<long>(offset), noise.begin() + static_cast<long>(offset + size));
    const uint32_t expected = Crc32ByDefinition(bytes);
    EXPECT_EQ(Crc32Of(noise.data() + offset, size), expected) << size;
    EXPECT_EQ(Crc32ByTables(noise.data() + offset, size), expected) << size;
  }
}

TEST(Crc32, GoesOnWhereItStopped) {
  const Bytes bytes(1000, 0x5A);
  const uint32_t whole = Crc32Of(bytes.data(), bytes.size());
  for (size_t cut : {0U, 1U, 63U, 64U, 500U, 999U, 1000U}) {
    EXPECT_EQ(Crc32Of(bytes.data() + cut, bytes.size() - cut, Crc32Of(bytes.data(), cut)), whole) << cut;
  }
}

}  // namespace
}  // namespace padata::functions
