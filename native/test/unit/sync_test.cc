// Parker and the asymmetric fences, one thread at a time; their races are in test/litmus. SPDX-License-Identifier: MIT
#include "core/sync.h"

#include <gtest/gtest.h>

#include <thread>

namespace padata {
namespace {

TEST(ParkerTest, UnparkCountsFromPrepareOn) {
  Parker parker;
  EXPECT_FALSE(parker.TryUnpark()) << "its owner is awake";
  parker.Prepare();
  EXPECT_TRUE(parker.IsParked());
  EXPECT_TRUE(parker.TryUnpark());
  EXPECT_FALSE(parker.TryUnpark()) << "only one caller wakes";
  parker.Park();  // returns at once: it was woken before
  EXPECT_FALSE(parker.IsParked());
}

TEST(ParkerTest, CancelTakesPrepareBack) {
  Parker parker;
  parker.Prepare();
  parker.Cancel();
  EXPECT_FALSE(parker.TryUnpark());
}

TEST(ParkerTest, AParkedOwnerIsWoken) {
  Parker parker;
  std::atomic<bool> woken{false};
  std::thread owner([&] {
    parker.Prepare();
    parker.Park();
    woken = true;
  });
  SpinUntil([&] { return parker.TryUnpark(); });
  owner.join();
  EXPECT_TRUE(woken);
}

TEST(SpinUntilTest, ReturnsWhenAnotherThreadIsThrough) {
  std::atomic<bool> done{false};
  std::thread other([&] { done = true; });
  SpinUntil([&] { return done.load(); });
  other.join();
}

}  // namespace
}  // namespace padata
