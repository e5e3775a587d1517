#include "functions/aead_algorithm.h"

#include <array>
#include <cerrno>

namespace padata::functions {
namespace {

constexpr uint32_t Sizes(std::initializer_list<unsigned> sizes) {
  uint32_t bits = 0;
  for (unsigned size : sizes) bits |= 1U << size;
  return bits;
}

constexpr std::array<AeadAlgorithm, 4> kAlgorithms = {{
    {"gcm(aes)", true, 0, Sizes({4, 8, 12, 13, 14, 15, 16}), false},
    {"rfc4106(gcm(aes))", true, 4, Sizes({8, 12, 16}), true},
    {"rfc7539(chacha20,poly1305)", false, 0, Sizes({16}), false},
    {"rfc7539esp(chacha20,poly1305)", false, 4, Sizes({16}), false},
}};

std::string NamesOfAll() {
  std::string names;
  for (const AeadAlgorithm& algorithm : kAlgorithms) {
    names += (names.empty() ? "one of " : ", ") + std::string(algorithm.name);
  }
  return names;
}

std::string KeySizesOf(const AeadAlgorithm& algorithm) {
  std::string text = algorithm.aes ? "16, 24 or 32" : "32";
  if (algorithm.salt_size > 0) text += " and " + std::to_string(algorithm.salt_size) + " more of salt";
  return text + " for " + algorithm.name;
}

std::string AuthSizesOf(const AeadAlgorithm& algorithm) {
  std::string text;
  for (size_t size = 0; size <= kMaxAuthSize; ++size) {
    if (algorithm.AllowsAuthSize(size)) text += (text.empty() ? "" : ", ") + std::to_string(size);
  }
  return text + " for " + algorithm.name;
}

}  // namespace

bool AeadAlgorithm::AllowsKeySize(size_t size) const {
  if (size < salt_size) return false;
  const size_t cipher_key = size - salt_size;
  return cipher_key == 32 || (aes && (cipher_key == 16 || cipher_key == 24));
}

const char* AeadAlgorithm::CipherName(size_t key_size) const {
  if (!aes) return "ChaCha20-Poly1305";
  const size_t cipher_key = key_size - salt_size;
  if (cipher_key == 16) return "AES-128-GCM";
  return cipher_key == 24 ? "AES-192-GCM" : "AES-256-GCM";
}

const AeadAlgorithm* FindAeadAlgorithm(std::string_view name, size_t key_size, std::optional<size_t> auth_size,
                                       AeadError* error) {
  for (const AeadAlgorithm& algorithm : kAlgorithms) {
    if (name != algorithm.name) continue;
    if (!algorithm.AllowsKeySize(key_size)) {
      *error = {-EINVAL, "key", KeySizesOf(algorithm)};
    } else if (!algorithm.AllowsAuthSize(auth_size.value_or(kMaxAuthSize))) {
      *error = {-EINVAL, "authSize", AuthSizesOf(algorithm)};
    } else {
      return &algorithm;
    }
    return nullptr;
  }
  *error = {-ENOENT, "name", NamesOfAll()};
  return nullptr;
}

}  // namespace padata::functions
