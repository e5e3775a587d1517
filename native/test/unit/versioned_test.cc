// Structures that are shorter or longer than ours. SPDX-License-Identifier: MIT
#include "core/versioned.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>

#include "core/function.h"

namespace padata {
namespace {

struct Ours {
  uint32_t struct_size;
  uint32_t first;
  uint64_t appended;
};

// A structure in memory of exactly `size` bytes, so that a sanitizer sees what is read behind it.
class Theirs {
 public:
  Theirs(size_t size, uint32_t first) : bytes_(new uint8_t[size]) {
    std::memset(bytes_.get(), 0xee, size);
    const uint32_t head[2] = {static_cast<uint32_t>(size), first};
    std::memcpy(bytes_.get(), head, sizeof(head));
  }
  const Ours& get() const { return *reinterpret_cast<const Ours*>(bytes_.get()); }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
};

TEST(VersionedTest, WhatAnEarlierVersionDoesNotHaveIsZero) {
  const Theirs earlier(8, 7);
  const Ours copy = CopyVersioned(earlier.get());
  EXPECT_EQ(copy.struct_size, 8u);
  EXPECT_EQ(copy.first, 7u);
  EXPECT_EQ(copy.appended, 0u);
}

TEST(VersionedTest, WhatALaterVersionHasBesidesIsLeftOut) {
  const Theirs later(64, 7);
  const Ours copy = CopyVersioned(later.get());
  EXPECT_EQ(copy.struct_size, 64u);
  EXPECT_EQ(copy.first, 7u);
  EXPECT_EQ(copy.appended, 0xeeeeeeeeeeeeeeeeu);
}

// An addon that was built with version 1.0, whatever padata.h has had appended since.
TEST(VersionedTest, ADescriptionOfTheFirstVersionIsAccepted) {
  padata_function full{};
  full.struct_size = NativeFunction::kFirstVersionSize;
  full.abi_major = PADATA_ABI_MAJOR;
  full.kind = PADATA_KIND_JOB;
  full.headroom = 16;
  full.job = [](padata_call* /*call*/, void* /*ctx*/) -> int32_t { return 42; };
  full.name = "built long ago";
  const std::unique_ptr<uint8_t[]> memory(new uint8_t[NativeFunction::kFirstVersionSize]);
  std::memcpy(memory.get(), &full, NativeFunction::kFirstVersionSize);
  const auto& description = *reinterpret_cast<const padata_function*>(memory.get());

  ASSERT_EQ(NativeFunction::Refusal(description), nullptr);
  const NativeFunction function(description);
  EXPECT_EQ(function.name(), "built long ago");
  EXPECT_EQ(function.headroom(), 16u);
  padata_call call{};
  EXPECT_EQ(function.Call(&call), 42);
}

}  // namespace
}  // namespace padata
