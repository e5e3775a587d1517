// The AEAD algorithms by the kernel's names, and the sizes that the kernel's setkey and setauthsize accept.
//
//   name                          key                      iv  authsize               associated data
//   gcm(aes)                      16, 24, 32               12  4, 8, 12 to 16         any
//   rfc4106(gcm(aes))             16, 24, 32 and 4 of salt  8  8, 12, 16              8 or 12 (SPI and sequence number)
//   rfc7539(chacha20,poly1305)    32                       12  16                     any
//   rfc7539esp(chacha20,poly1305) 32 and 4 of salt          8  16                     any
//
// The associated data of the two for ESP is counted without the iv. The kernel's callers put the iv behind it and count
// it in assoclen (16 or 20 for rfc4106), but the cipher does not authenticate it that way: it is part of the nonce.
#ifndef PADATA_FUNCTIONS_AEAD_ALGORITHM_H_
#define PADATA_FUNCTIONS_AEAD_ALGORITHM_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace padata::functions {

inline constexpr size_t kNonceSize = 12;
inline constexpr size_t kMaxAuthSize = 16;
inline constexpr size_t kMaxCipherKeySize = 32;

struct AeadAlgorithm {
  const char* name;
  bool aes;                 // AES-GCM, else ChaCha20-Poly1305
  size_t salt_size;         // bytes at the end of the key that open every nonce
  uint32_t auth_size_bits;  // bit n: an authsize of n bytes is allowed
  bool esp_aad_only;        // associated data must have 8 or 12 bytes

  size_t iv_size() const { return kNonceSize - salt_size; }
  bool AllowsAuthSize(size_t size) const { return size <= kMaxAuthSize && ((auth_size_bits >> size) & 1) != 0; }
  bool AllowsAadSize(size_t size) const { return !esp_aad_only || size == 8 || size == 12; }
  bool AllowsKeySize(size_t size) const;
  /// OpenSSL's name of the cipher for a key of that size, salt included.
  const char* CipherName(size_t key_size) const;
};

/// Why there is no cipher: a negative errno, which argument is to blame ("name", "key", "authSize"; nullptr for none of
/// them) and what it must be, or what happened.
struct AeadError {
  int32_t error = 0;
  const char* argument = nullptr;
  std::string message;
};

/// The algorithm of that name if it takes such a key and authsize (the full one if none is given), else nullptr and the
/// error: -ENOENT for a name that is not known, -EINVAL for the others, as the kernel has it.
const AeadAlgorithm* FindAeadAlgorithm(std::string_view name, size_t key_size, std::optional<size_t> auth_size,
                                       AeadError* error);

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_AEAD_ALGORITHM_H_
