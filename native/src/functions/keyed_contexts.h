// Cipher contexts that stay keyed: two per CPU, made and keyed when a thread of that CPU first needs one.
//
// A context belongs to the thread that came first, for good: the parallel and the serial thread of a CPU have one each. Who comes
// later, or names a CPU beyond the table, gets a context for this one call. Slots never move, and are not contended for, therefore
// nothing is locked: an atomic exchange would wait until all that was written before has left the CPU.
//
// Ownership: keeps the key, and wipes it and all contexts when it ends. No context may be lent then.
#ifndef PADATA_FUNCTIONS_KEYED_CONTEXTS_H_
#define PADATA_FUNCTIONS_KEYED_CONTEXTS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "functions/aead_algorithm.h"
#include "functions/libcrypto.h"
#include "functions/provider_cipher.h"

namespace padata::functions {

class KeyedContexts {
  struct Slot;

 public:
  /// Copies the key, at most kMaxCipherKeySize bytes.
  KeyedContexts(const Libcrypto& crypto, std::unique_ptr<const ProviderCipher> cipher, Direction direction,
                const uint8_t* key, size_t key_size);
  ~KeyedContexts();
  KeyedContexts(const KeyedContexts&) = delete;
  KeyedContexts& operator=(const KeyedContexts&) = delete;

  const ProviderCipher& cipher() const { return *cipher_; }

  /// A context for the time of one call.
  class Lease {
   public:
    Lease(KeyedContexts& owner, int32_t cpu);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    /// nullptr if there is no memory.
    CipherContext* ctx() const { return ctx_; }

   private:
    KeyedContexts& owner_;
    Slot* slot_;  // nullptr: the context is for this call only
    CipherContext* ctx_ = nullptr;
  };

 private:
  // A cache line each: neighbours belong to other CPUs.
  struct alignas(64) Slot {
    std::atomic<const void*> owner{nullptr};  // see ThisThread(); set once
    CipherContext* ctx = nullptr;             // the owner's
  };
  static constexpr size_t kSlotsPerCpu = 2;
  static constexpr size_t kSlotsPerBlock = 64;
  static constexpr size_t kBlocks = 256;  // for 8192 CPUs, the most that Linux can be built for on x86
  using Block = std::array<Slot, kSlotsPerBlock>;
  static_assert(kSlotsPerBlock % kSlotsPerCpu == 0);

  Slot* Borrow(int32_t cpu);
  Block* BlockOf(size_t index);
  CipherContext* NewContext() const;

  const Libcrypto& crypto_;
  const std::unique_ptr<const ProviderCipher> cipher_;
  const Direction direction_;
  std::array<uint8_t, kMaxCipherKeySize> key_{};
  const size_t key_size_;
  std::array<std::atomic<Block*>, kBlocks> blocks_{};
};

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_KEYED_CONTEXTS_H_
