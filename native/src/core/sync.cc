#include "core/sync.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "core/clock.h"

namespace padata {

void Parker::Prepare() { word_.store(kParked, std::memory_order_seq_cst); }

void Parker::Park() {
  // acquire: what the waker did before TryUnpark() is visible.
  while (word_.load(std::memory_order_acquire) == kParked) {
    syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, kParked, nullptr, nullptr, 0);
  }
}

bool Parker::ParkFor(uint64_t timeout_ns) {
  const timespec timeout = {static_cast<time_t>(timeout_ns / 1'000'000'000),
                            static_cast<long>(timeout_ns % 1'000'000'000)};
  syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, kParked, &timeout, nullptr, 0);
  return word_.exchange(kAwake, std::memory_order_acq_rel) == kAwake;
}

void Parker::Cancel() { word_.store(kAwake, std::memory_order_relaxed); }

bool Parker::TryUnpark() {
  uint32_t expected = kParked;
  // seq_cst: with Prepare(), so that of "owner looks for work, then sleeps" and "other brings work, then wakes" one sees
  // the other.
  if (!word_.compare_exchange_strong(expected, kAwake, std::memory_order_seq_cst)) return false;
  syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  return true;
}

void Event::Set() {
  if (word_.exchange(kSet, std::memory_order_acq_rel) != kAwaited) return;
  syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

bool Event::Wait(uint64_t timeout_ns) {
  const uint64_t begin = MonotonicNs();
  uint32_t expected = kUnset;
  word_.compare_exchange_strong(expected, kAwaited, std::memory_order_relaxed);
  while (!IsSet()) {
    const uint64_t passed = MonotonicNs() - begin;
    if (passed >= timeout_ns) return false;
    const uint64_t left = std::min(timeout_ns - passed, uint64_t{3'600'000'000'000});  // looks again after an hour
    const timespec timeout = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, kAwaited, &timeout, nullptr, 0);
  }
  return true;
}

bool AsymmetricFence::Register() {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

const bool AsymmetricFence::has_membarrier_ = AsymmetricFence::Register();

#if defined(PADATA_TSAN)
// ThreadSanitizer knows neither fences nor membarrier(2): a read-modify-write of one common word means the same to it.
namespace {
std::atomic<uint32_t> common_word{0};
}
void AsymmetricFence::Light() { common_word.fetch_add(1, std::memory_order_seq_cst); }
void AsymmetricFence::Heavy() { common_word.fetch_add(1, std::memory_order_seq_cst); }
#else
void AsymmetricFence::Heavy() {
  if (has_membarrier_) {
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  } else {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
}
#endif

void YieldCpu() { sched_yield(); }

}  // namespace padata
