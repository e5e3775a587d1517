#include "core/environment.h"

#include <new>

#include "core/check.h"
#include "core/clock.h"
#include "core/shell.h"

namespace padata {

Environment::Environment(Wake wake, void* arg)
    : control_memory_(SharedMemory::Allocate(sizeof(Control))), wake_(wake), wake_arg_(arg) {
  PADATA_CHECK(control_memory_, "no memory for an environment");
  new (control_memory_->data()) Control{};
}

void Environment::Notify(Shell& shell, uint64_t patience_ns) {
  Shell::Control& links = shell.control();
  if (links.ready.exchange(1, std::memory_order_seq_cst) == 0) {
    uint32_t head = control().ready_head.load(std::memory_order_relaxed);
    do {
      links.ready_next.store(head, std::memory_order_relaxed);  // published by the exchange below
    } while (!control().ready_head.compare_exchange_weak(head, shell.id(), std::memory_order_seq_cst));
  }
  if (control().armed.load(std::memory_order_seq_cst) == 0) return;
  if (patience_ns != 0) {
    const uint64_t due_ns = last_wake_ns_.load(std::memory_order_relaxed) + patience_ns;
    if (MonotonicNs() < due_ns) return due_ns_.store(due_ns, std::memory_order_relaxed);
  }
  WakeLoop();
}

void Environment::Flush() {
  if (control().ready_head.load(std::memory_order_seq_cst) == 0) return;
  if (control().armed.load(std::memory_order_seq_cst) != 0) WakeLoop();
}

void Environment::FlushBefore(uint64_t ns) {
  if (due_ns_.load(std::memory_order_relaxed) < ns) Flush();
}

void Environment::TellMasksChanged() {
  control().masks_changed.store(1, std::memory_order_seq_cst);
  WakeLoop();
}

void Environment::TellMtDone() {
  control().mt_done.store(1, std::memory_order_seq_cst);
  WakeLoop();
}

// The same Dekker pair as when the loop goes to sleep by itself.
void Environment::Sleep(uint64_t timeout_ns) {
  sleeper_.Prepare();
  control().armed.store(1, std::memory_order_seq_cst);
  if (control().ready_head.load(std::memory_order_seq_cst) == 0) {
    sleeper_.ParkFor(timeout_ns);
  } else {
    sleeper_.Cancel();
  }
  control().armed.store(0, std::memory_order_seq_cst);
}

void Environment::LookAtLoop() {
  const uint32_t share = awake_share_.load(std::memory_order_relaxed);
  awake_share_.store(share - share / 32 + (IsAtWork() ? kWhole / 32 : 0), std::memory_order_relaxed);
}

void Environment::WakeLoop() {
  if (control().armed.exchange(0, std::memory_order_seq_cst) == 0) return;
  last_wake_ns_.store(MonotonicNs(), std::memory_order_relaxed);
  if (sleeper_.TryUnpark()) return;
  is_coming_.store(true, std::memory_order_relaxed);
  MutexLock lock(wake_mutex_);  // so that Close() returns only when no wake-up is under way
  if (wake_ != nullptr) wake_(wake_arg_);
}

void Environment::Close() {
  MutexLock lock(wake_mutex_);
  wake_ = nullptr;
}

uint32_t Environment::AddShellId() {
  if (free_shell_ids_.empty()) return ++shell_ids_;
  const uint32_t id = free_shell_ids_.back();
  free_shell_ids_.pop_back();
  return id;
}

NativeFunction* Environment::AddFunction(const padata_function& description) {
  auto function = std::make_unique<NativeFunction>(description);
  NativeFunction* const key = function.get();
  functions_.emplace(key, std::move(function));
  return key;
}

void Environment::KeepResult(RefPtr<SharedMemory> memory) {
  MutexLock lock(results_mutex_);
  SharedMemory* const key = memory.get();
  results_.emplace(key, std::move(memory));
}

RefPtr<SharedMemory> Environment::TakeResult(SharedMemory* memory) {
  MutexLock lock(results_mutex_);
  auto taken = results_.extract(memory);
  return taken.empty() ? RefPtr<SharedMemory>() : std::move(taken.mapped());
}

SharedMemory* Environment::AddSlab(size_t bytes) {
  RefPtr<SharedMemory> slab = SharedMemory::Allocate(bytes);
  SharedMemory* const key = slab.get();
  if (key != nullptr) slabs_.emplace(key, std::move(slab));
  return key;
}

}  // namespace padata
