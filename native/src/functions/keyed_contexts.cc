#include "functions/keyed_contexts.h"

#include <cstring>
#include <new>

namespace padata::functions {

KeyedContexts::KeyedContexts(const Libcrypto& crypto, EvpCipher* cipher, Direction direction, const uint8_t* key,
                             size_t key_size)
    : crypto_(crypto), cipher_(cipher), direction_(direction) {
  std::memcpy(key_.data(), key, key_size);
}

// Freeing a context wipes the key schedule in it.
KeyedContexts::~KeyedContexts() {
  for (std::atomic<Block*>& entry : blocks_) {
    Block* block = entry.load(std::memory_order_acquire);
    if (block == nullptr) continue;
    for (Slot& slot : *block) crypto_.EVP_CIPHER_CTX_free(slot.ctx);
    delete block;
  }
  crypto_.EVP_CIPHER_free(cipher_);
  crypto_.OPENSSL_cleanse(key_.data(), key_.size());
}

EvpCipherCtx* KeyedContexts::NewContext() const {
  EvpCipherCtx* ctx = crypto_.EVP_CIPHER_CTX_new();
  if (ctx == nullptr) return nullptr;
  auto* init = direction_ == Direction::kEncrypt ? crypto_.EVP_EncryptInit_ex2 : crypto_.EVP_DecryptInit_ex2;
  if (init(ctx, cipher_, key_.data(), nullptr, nullptr) == 1) return ctx;
  crypto_.EVP_CIPHER_CTX_free(ctx);
  crypto_.ERR_clear_error();
  return nullptr;
}

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
  const auto index = static_cast<size_t>(cpu);
  if (cpu < 0 || index >= kBlocks * kSlotsPerBlock) return nullptr;
  Block* block = BlockOf(index / kSlotsPerBlock);
  if (block == nullptr) return nullptr;
  Slot& slot = (*block)[index % kSlotsPerBlock];
  // Acquire pairs with the release in ~Lease(): what the last borrower did to the context comes first.
  return slot.lent.exchange(true, std::memory_order_acquire) ? nullptr : &slot;
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
  if (slot_ != nullptr) {
    slot_->lent.store(false, std::memory_order_release);
  } else {
    owner_.crypto_.EVP_CIPHER_CTX_free(ctx_);
  }
}

}  // namespace padata::functions
