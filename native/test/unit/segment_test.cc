// Segments: what a fresh one looks like, also when it was in use before. SPDX-License-Identifier: MIT
#include "core/segment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace padata {
namespace {

Shell* const kShell = reinterpret_cast<Shell*>(64);  // only passed on

TEST(SegmentTest, EachJobLeadsToItsSegmentAndPosition) {
  Segment* const segment = AcquireSegment(kShell, 1000);
  ASSERT_NE(segment, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(segment) % kSegmentBytes, 0u);
  EXPECT_EQ(segment->header.shell.load(), kShell);
  EXPECT_EQ(segment->header.next.load(), nullptr);
  for (uint32_t i : {0u, 1u, kJobsPerSegment - 1}) {
    EXPECT_EQ(Segment::Of(&segment->jobs[i]), segment);
    EXPECT_EQ(segment->SeqNr(&segment->jobs[i]), 1000 + i);
  }
  ReleaseSegment(segment);
}

TEST(SegmentTest, ASegmentThatIsUsedAgainIsFree) {
  Segment* const first = AcquireSegment(kShell, 0);
  const uint64_t use = first->header.use.load();
  for (Job& job : first->jobs) job.state = JobState(0, JobPhase::kDone);
  first->header.next = first;
  ReleaseSegment(first);
  Segment* const again = AcquireSegment(nullptr, 5 * kJobsPerSegment);
  ASSERT_EQ(again, first) << "the pool hands out what was used last";
  EXPECT_EQ(again->header.shell.load(), nullptr);
  EXPECT_EQ(again->header.next.load(), nullptr);
  EXPECT_EQ(again->SeqNr(again->jobs), 5 * kJobsPerSegment);
  EXPECT_NE(again->header.use.load(), use);
  for (const Job& job : again->jobs) ASSERT_EQ(job.state.load(), 0u);
  ReleaseSegment(again);
}

TEST(SegmentTest, MoreThanThePoolKeepsAreAllDifferentAndComeBackFree) {
  std::vector<Segment*> all(1500);  // the pool keeps the pages of 1024
  for (int round = 0; round < 2; ++round) {
    for (Segment*& segment : all) {
      segment = AcquireSegment(kShell, 0);
      ASSERT_NE(segment, nullptr);
      ASSERT_EQ(segment->jobs[7].state.load(), 0u);
      segment->jobs[7].state = JobState(7, JobPhase::kDone);
    }
    for (Segment* segment : all) ReleaseSegment(segment);
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(SegmentTest, MemoryOfReleasedSegmentsStaysReadable) {
  std::vector<Segment*> all(1500);
  for (Segment*& segment : all) segment = AcquireSegment(kShell, 0);
  for (Segment* segment : all) ReleaseSegment(segment);
  // A late ticket does this: whatever it reads, it must not fault, and no entry looks outstanding.
  for (const Segment* segment : all) EXPECT_NE(segment->jobs[0].state.load(), JobState(0, JobPhase::kOutstanding));
}

}  // namespace
}  // namespace padata
