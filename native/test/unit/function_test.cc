// Native functions: which descriptions are refused, and how often retain and release are called. SPDX-License-Identifier: MIT
#include "core/function.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/environment.h"
#include "support/engine.h"

namespace padata {
namespace {

using test::Describe;
using test::Nothing;

struct Counts {
  int retained = 0;
  int released = 0;
};

padata_function Counted(Counts* counts) {
  padata_function description = Describe(Nothing, counts);
  description.retain = [](void* ctx) { ++static_cast<Counts*>(ctx)->retained; };
  description.release = [](void* ctx) { ++static_cast<Counts*>(ctx)->released; };
  return description;
}

// What Refusal() says after one change to a good description.
std::string RefusalAfter(const std::function<void(padata_function&)>& change) {
  padata_function description = Describe(Nothing);
  change(description);
  const char* const refusal = NativeFunction::Refusal(description);
  return refusal == nullptr ? "" : refusal;
}

TEST(NativeFunctionTest, GoodDescriptionsAreAccepted) {
  EXPECT_EQ(RefusalAfter([](padata_function&) {}), "");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.struct_size += 64; }), "") << "a later minor version";
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.struct_size = NativeFunction::kFirstVersionSize; }), "");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { ++f.abi_minor; }), "");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.headroom = f.tailroom = PADATA_MAX_ROOM; }), "");
  EXPECT_EQ(RefusalAfter([](padata_function& f) {
              f.kind = PADATA_KIND_RANGE;
              f.range = [](uint64_t, uint64_t, uint8_t*, size_t, void*) -> int32_t { return 0; };
            }),
            "");
}

TEST(NativeFunctionTest, EachFaultIsNamed) {
  EXPECT_EQ(RefusalAfter([](padata_function& f) { ++f.abi_major; }),
            "it was built for another major version of the ABI");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.struct_size = NativeFunction::kFirstVersionSize - 1; }),
            "its struct_size is too small");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.kind = 0; }), "its kind is unknown");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.job = nullptr; }), "it has no function for its kind");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.kind = PADATA_KIND_RANGE; }), "it has no function for its kind");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.headroom = PADATA_MAX_ROOM + 1; }), "its room is too large");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.tailroom = PADATA_MAX_ROOM + 1; }), "its room is too large");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.name = nullptr; }), "it has no name");
  EXPECT_EQ(RefusalAfter([](padata_function& f) { f.name = ""; }), "it has no name");
}

TEST(NativeFunctionTest, TheDescriptionIsCopied) {
  char name[] = "mine";
  padata_function description = Describe(Nothing);
  description.name = name;
  description.headroom = 16;
  description.tailroom = 32;
  const NativeFunction function(description);
  description = {};
  name[0] = 'x';
  EXPECT_EQ(function.name(), "mine");
  EXPECT_EQ(function.headroom(), 16u);
  EXPECT_EQ(function.tailroom(), 32u);
  EXPECT_FALSE(function.may_leave_outstanding());
  padata_call call{};
  EXPECT_EQ(function.Call(&call), 0);
}

TEST(NativeFunctionTest, RetainAndReleaseOncePerAcceptance) {
  Counts counts;
  const padata_function description = Counted(&counts);
  {
    test::Loop loop;
    NativeFunction* const first = loop.environment().AddFunction(description);
    NativeFunction* const second = loop.environment().AddFunction(description);
    EXPECT_NE(first, second);
    EXPECT_EQ(counts.retained, 2);
    EXPECT_EQ(counts.released, 0);
    loop.environment().DropFunction(first);
    EXPECT_EQ(counts.released, 1);
  }
  EXPECT_EQ(counts.retained, 2);
  EXPECT_EQ(counts.released, 2) << "the end of the environment drops what is left";
}

}  // namespace
}  // namespace padata
