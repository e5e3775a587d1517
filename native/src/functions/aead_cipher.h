// One direction of an AEAD with a key: what the AEAD functions and ESP are made of.
#ifndef PADATA_FUNCTIONS_AEAD_CIPHER_H_
#define PADATA_FUNCTIONS_AEAD_CIPHER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "functions/aead_algorithm.h"
#include "functions/keyed_contexts.h"
#include "functions/libcrypto.h"
#include "functions/provider_cipher.h"

namespace padata::functions {

/// What may be authenticated but is not encrypted.
struct AssociatedData {
  const uint8_t* bytes;
  size_t size;
};

class AeadCipher {
 public:
  /// `key` with its salt at the end, as the kernel's setkey takes it; it is copied. nullptr and the error: those of
  /// FindAeadAlgorithm(), -ENOSYS without a libcrypto, -ENOENT if that has no such cipher, -ENOMEM.
  static std::unique_ptr<AeadCipher> New(Direction direction, std::string_view name, const uint8_t* key,
                                         size_t key_size, std::optional<size_t> auth_size, AeadError* error);
  ~AeadCipher();
  AeadCipher(const AeadCipher&) = delete;
  AeadCipher& operator=(const AeadCipher&) = delete;

  const AeadAlgorithm& algorithm() const { return algorithm_; }
  size_t iv_size() const { return algorithm_.iv_size(); }
  size_t auth_size() const { return auth_size_; }

  // The following may be called on several CPUs at the same time; `cpu` is the CPU that this call runs on. `iv` has
  // iv_size() bytes.

  /// Encrypts `size` bytes of `source` to `destination`, which may be the same but must not overlap otherwise, and writes the
  /// tag behind them. 0; -EMSGSIZE beyond 2 GiB; -ENOMEM; -EIO if libcrypto refuses.
  int32_t Encrypt(int32_t cpu, const uint8_t* iv, AssociatedData aad, const uint8_t* source, size_t size,
                  uint8_t* destination);
  /// The same in place.
  int32_t Encrypt(int32_t cpu, const uint8_t* iv, AssociatedData aad, uint8_t* data, size_t size) {
    return Encrypt(cpu, iv, aad, data, size, data);
  }

  /// Decrypts `size` bytes in place; the tag lies behind them. The same errors, or -EBADMSG if the tag does not verify. After
  /// any error the `size` bytes are zero.
  int32_t Decrypt(int32_t cpu, const uint8_t* iv, AssociatedData aad, uint8_t* data, size_t size);

 private:
  using Nonce = std::array<uint8_t, kNonceSize>;

  AeadCipher(const Libcrypto& crypto, const AeadAlgorithm& algorithm, std::unique_ptr<const ProviderCipher> cipher,
             Direction direction, const uint8_t* key, size_t key_size, size_t auth_size);
  Nonce NonceOf(const uint8_t* iv) const;
  int32_t TryDecrypt(int32_t cpu, const uint8_t* iv, AssociatedData aad, uint8_t* data, size_t size);

  const Libcrypto& crypto_;
  const AeadAlgorithm& algorithm_;
  const size_t auth_size_;
  std::array<uint8_t, kNonceSize> salt_{};
  KeyedContexts contexts_;
};

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_AEAD_CIPHER_H_
