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

TEST(EventTest, WaitingEndsWhenItIsSet) {
  Event event;
  EXPECT_FALSE(event.IsSet());
  std::thread other([&] { event.Set(); });
  EXPECT_TRUE(event.Wait(~uint64_t{0}));
  EXPECT_TRUE(event.IsSet());
  other.join();
  EXPECT_TRUE(event.Wait(0));
  event.Set();
  EXPECT_TRUE(event.IsSet());
}

TEST(EventTest, WaitingEndsWhenTheTimeIsUp) {
  Event event;
  EXPECT_FALSE(event.Wait(0));
  EXPECT_FALSE(event.Wait(1'000'000));
  event.Set();
  EXPECT_TRUE(event.Wait(1'000'000));
}

TEST(ParkerTest, ParkForEndsWhenTheTimeIsUpAndForgetsIt) {
  Parker parker;
  parker.Prepare();
  EXPECT_FALSE(parker.ParkFor(1'000'000));
  EXPECT_FALSE(parker.IsParked());
  EXPECT_FALSE(parker.TryUnpark()) << "its owner is awake";
}

TEST(ParkerTest, ParkForIsEndedByAnUnpark) {
  Parker parker;
  parker.Prepare();
  EXPECT_TRUE(parker.TryUnpark());
  EXPECT_TRUE(parker.ParkFor(3'600'000'000'000)) << "it was woken before";
  std::atomic<bool> woken{false};
  std::thread owner([&] {
    do {
      parker.Prepare();
    } while (!parker.ParkFor(3'600'000'000'000));  // a signal may end it, too
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
