#include "core/sync.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace padata {

void Parker::Prepare() { word_.store(kParked, std::memory_order_seq_cst); }

void Parker::Park() {
  // acquire: what the waker did before TryUnpark() is visible.
  while (word_.load(std::memory_order_acquire) == kParked) {
    syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, kParked, nullptr, nullptr, 0);
  }
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
