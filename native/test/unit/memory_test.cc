// Shared memory: sizes, alignment, references, slabs that are used again. SPDX-License-Identifier: MIT
#include "core/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

namespace padata {
namespace {

bool IsZero(const SharedMemory& memory) {
  return std::all_of(memory.data(), memory.data() + memory.size(), [](uint8_t byte) { return byte == 0; });
}

TEST(SharedMemoryTest, SmallAndOddSizesAreZeroedAndAligned) {
  for (size_t bytes : {1u, 63u, 64u, 65u, 4096u, 100'000u}) {
    SCOPED_TRACE(bytes);
    for (int round = 0; round < 2; ++round) {
      const RefPtr<SharedMemory> memory = SharedMemory::Allocate(bytes);
      ASSERT_TRUE(memory);
      EXPECT_EQ(memory->size(), bytes);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(memory->data()) % 64, 0u);
      EXPECT_TRUE(IsZero(*memory));
      std::memset(memory->data(), 0xff, bytes);
    }
  }
}

TEST(SharedMemoryTest, TheLastReferenceDecides) {
  RefPtr<SharedMemory> first = SharedMemory::Allocate(SharedMemory::kSlabBytes);
  RefPtr<SharedMemory> second = first;
  uint8_t* const data = first->data();
  data[0] = 42;
  first = {};
  // Were it free, the pool would hand out this very slab next.
  const RefPtr<SharedMemory> other = SharedMemory::Allocate(SharedMemory::kSlabBytes);
  EXPECT_NE(other->data(), data);
  EXPECT_EQ(second->data()[0], 42);
  second = {};
  EXPECT_EQ(SharedMemory::Allocate(SharedMemory::kSlabBytes)->data(), data);
}

TEST(SharedMemoryTest, SlabsDoNotOverlap) {
  std::vector<RefPtr<SharedMemory>> slabs(600);  // the pool keeps the pages of 512
  for (int round = 0; round < 2; ++round) {
    std::set<uint8_t*> places;
    for (auto& slab : slabs) {
      slab = SharedMemory::Allocate(SharedMemory::kSlabBytes);
      ASSERT_TRUE(slab);
      slab->data()[0] = slab->data()[SharedMemory::kSlabBytes - 1] = 1;  // both ends can be written
      places.insert(slab->data());
    }
    ASSERT_EQ(places.size(), slabs.size());
    uint8_t* before = nullptr;
    for (uint8_t* place : places) {
      EXPECT_TRUE(before == nullptr || static_cast<size_t>(place - before) >= SharedMemory::kSlabBytes);
      before = place;
    }
    for (auto& slab : slabs) slab = {};
  }
}

TEST(SharedMemoryTest, TooMuchIsNoMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end the process where malloc() would return nullptr";
#endif
  EXPECT_FALSE(SharedMemory::Allocate(size_t{1} << 60));
}

}  // namespace
}  // namespace padata
