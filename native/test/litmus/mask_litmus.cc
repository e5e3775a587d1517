// "I say that I check, then I look at the mask" against "I change the mask, then I look whether you check" (invariant 4). It is the
// handshake of ParallelThread::MayBegin() with Instance::PublishUsable(), and of TakeBack(), made of the same fences.
#include <gtest/gtest.h>

#include "core/sync.h"
#include "support/litmus.h"

namespace padata {
namespace {

using test::Litmus;
using test::Outcomes;
using test::Scaled;

TEST(MaskLitmus, NobodyBeginsUnseen) {
  enum Phase { kIdle, kChecking, kRunning };
  alignas(64) std::atomic<uint64_t> progress{kIdle};
  alignas(64) std::atomic<uint64_t> mask{1};
  bool begins = false;
  uint64_t seen = kIdle;
  const Outcomes outcomes = Litmus::Run(
      Scaled(300'000),
      [&] {
        progress.store(kChecking, std::memory_order_release);
        AsymmetricFence::Light();
        begins = mask.load(std::memory_order_relaxed) != 0;
        progress.store(begins ? kRunning : kIdle, std::memory_order_release);
      },
      [&] {
        mask.store(0, std::memory_order_relaxed);
        AsymmetricFence::Heavy();
        seen = progress.load(std::memory_order_acquire);
      },
      [&] {
        progress.store(kIdle);
        mask.store(1);
        if (seen == kChecking) return begins ? "is waited for, and begins" : "is waited for, and does not begin";
        if (seen == kRunning) return "had begun before";
        return begins ? "FORBIDDEN: begins after the mask was changed" : "does not begin";
      });
  for (const auto& [name, count] : outcomes) EXPECT_FALSE(name.starts_with("FORBIDDEN")) << name << ": " << count;
}

}  // namespace
}  // namespace padata
