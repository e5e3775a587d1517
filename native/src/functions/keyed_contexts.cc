#include "functions/keyed_contexts.h"

#include <cstring>
#include <new>
#include <utility>

namespace padata::functions {
namespace {

// Differs from one living thread to the next. A thread may get that of one that has ended, and with it its slots.
const void* ThisThread() {
  static thread_local char here;
  return &here;
}

}  // namespace

KeyedContexts::KeyedContexts(const Libcrypto& crypto, std::unique_ptr<const ProviderCipher> cipher, Direction direction,
                             const uint8_t* key, size_t key_size)
    : crypto_(crypto), cipher_(std::move(cipher)), direction_(direction), key_size_(key_size) {
  std::memcpy(key_.data(), key, key_size);
}

// Freeing a context wipes the key schedule in it.
KeyedContexts::~KeyedContexts() {
  for (std::atomic<Block*>& entry : blocks_) {
    Block* block = entry.load(std::memory_order_acquire);
    if (block == nullptr) continue;
    for (Slot& slot : *block) cipher_->FreeContext(slot.ctx);
    delete block;
  }
  crypto_.OPENSSL_cleanse(key_.data(), key_.size());
}

CipherContext* KeyedContexts::NewContext() const { return cipher_->NewContext(direction_, key_.data(), key_size_); }

// The acquire load sees the slots as the exchange below published them.
KeyedContexts::Block* KeyedContexts::BlockOf(size_t index) {
  Block* block = blocks_[index].load(std::memory_order_acquire);
  if (block != nullptr) return block;
  auto* fresh = new (std::nothrow) Block;
  if (fresh == nullptr) return nullptr;
  if (blocks_[index].compare_exchange_strong(block, fresh, std::memory_order_acq_rel)) return fresh;
  delete fresh;
  return block;
}

KeyedContexts::Slot* KeyedContexts::Borrow(int32_t cpu) {
  const size_t first = static_cast<size_t>(cpu) * kSlotsPerCpu;
  if (cpu < 0 || first >= kBlocks * kSlotsPerBlock) return nullptr;
  Block* block = BlockOf(first / kSlotsPerBlock);
  if (block == nullptr) return nullptr;
  const void* const self = ThisThread();
  for (size_t i = 0; i < kSlotsPerCpu; ++i) {
    Slot& slot = (*block)[first % kSlotsPerBlock + i];
    // Relaxed: only the owner looks into its slot, and it has written itself what it finds there.
    const void* owner = slot.owner.load(std::memory_order_relaxed);
    if (owner == self) return &slot;
    if (owner == nullptr && slot.owner.compare_exchange_strong(owner, self, std::memory_order_relaxed)) return &slot;
  }
  return nullptr;
}

KeyedContexts::Lease::Lease(KeyedContexts& owner, int32_t cpu) : owner_(owner), slot_(owner.Borrow(cpu)) {
  if (slot_ == nullptr) {
    ctx_ = owner_.NewContext();
    return;
  }
  if (slot_->ctx == nullptr) slot_->ctx = owner_.NewContext();
  ctx_ = slot_->ctx;
}

KeyedContexts::Lease::~Lease() {
  if (slot_ == nullptr) owner_.cipher_->FreeContext(ctx_);
}

}  // namespace padata::functions
