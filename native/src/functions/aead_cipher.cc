#include "functions/aead_cipher.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <new>
#include <utility>

namespace padata::functions {
namespace {

// Ciphers of libcrypto may count in int.
constexpr size_t kMaxSize = INT_MAX - kMaxAuthSize;

// Where a buffer is used again, another CPU may have written to it last: its first cache lines come while the iv is dealt with. Those
// behind them the CPU fetches by itself once it sees where the writing goes.
void FetchBeginning(const uint8_t* bytes, size_t size) {
  constexpr size_t kLine = 64;
  constexpr size_t kMost = 10 * kLine;
  for (size_t at = 0; at < std::min(size, kMost); at += kLine) __builtin_prefetch(bytes + at, 1);
}

// The tag as a parameter of the context.
struct TagParameter {
  OsslParam params[2];

  TagParameter(uint8_t* tag, size_t size)
      : params{{kOsslAeadTag, kOsslOctetString, tag, size, kOsslUnmodified}, {nullptr, 0, nullptr, 0, 0}} {}
};

}  // namespace

std::unique_ptr<AeadCipher> AeadCipher::New(Direction direction, std::string_view name, const uint8_t* key,
                                            size_t key_size, std::optional<size_t> auth_size, AeadError* error) {
  const AeadAlgorithm* algorithm = FindAeadAlgorithm(name, key_size, auth_size, error);
  if (algorithm == nullptr) return nullptr;
  *error = {-ENOSYS, nullptr, {}};
  const Libcrypto* crypto = GetLibcrypto(&error->message);
  if (crypto == nullptr) return nullptr;

  const char* cipher_name = algorithm->CipherName(key_size);
  std::unique_ptr<const ProviderCipher> cipher = ProviderCipher::Fetch(*crypto, cipher_name);
  if (cipher == nullptr) {
    *error = {-ENOENT, nullptr, std::string("libcrypto has no cipher ") + cipher_name + " (is it in FIPS mode?)"};
    return nullptr;
  }
  auto* made = new (std::nothrow)
      AeadCipher(*crypto, *algorithm, std::move(cipher), direction, key, key_size, auth_size.value_or(kMaxAuthSize));
  if (made == nullptr) *error = {-ENOMEM, nullptr, "no memory"};
  return std::unique_ptr<AeadCipher>(made);
}

AeadCipher::AeadCipher(const Libcrypto& crypto, const AeadAlgorithm& algorithm,
                       std::unique_ptr<const ProviderCipher> cipher, Direction direction, const uint8_t* key,
                       size_t key_size, size_t auth_size)
    : crypto_(crypto),
      algorithm_(algorithm),
      auth_size_(auth_size),
      contexts_(crypto, std::move(cipher), direction, key, key_size - algorithm.salt_size) {
  std::memcpy(salt_.data(), key + key_size - algorithm.salt_size, algorithm.salt_size);
}

AeadCipher::~AeadCipher() { crypto_.OPENSSL_cleanse(salt_.data(), salt_.size()); }

AeadCipher::Nonce AeadCipher::NonceOf(const uint8_t* iv) const {
  Nonce nonce = salt_;
  std::memcpy(nonce.data() + algorithm_.salt_size, iv, algorithm_.iv_size());
  return nonce;
}

int32_t AeadCipher::Encrypt(int32_t cpu, const uint8_t* iv, AssociatedData aad, const uint8_t* source, size_t size,
                            uint8_t* destination) {
  if (size > kMaxSize || aad.size > kMaxSize) return -EMSGSIZE;
  const KeyedContexts::Lease lease(contexts_, cpu);
  CipherContext* ctx = lease.ctx();
  if (ctx == nullptr) return -ENOMEM;

  FetchBeginning(destination, size + auth_size_);
  const Nonce nonce = NonceOf(iv);
  TagParameter tag(destination + size, auth_size_);
  const ProviderCipher& cipher = contexts_.cipher();
  const bool ok = cipher.Begin(ctx, Direction::kEncrypt, nonce.data(), nonce.size(), nullptr) &&
                  cipher.Authenticate(ctx, aad.bytes, aad.size) && cipher.Update(ctx, destination, source, size) &&
                  cipher.Finish(ctx, destination + size) && cipher.Get(ctx, tag.params);
  if (ok) return 0;
  crypto_.ERR_clear_error();
  return -EIO;
}

int32_t AeadCipher::Decrypt(int32_t cpu, const uint8_t* iv, AssociatedData aad, uint8_t* data, size_t size) {
  const int32_t error = TryDecrypt(cpu, iv, aad, data, size);
  // The cipher writes plaintext before it has seen the tag.
  if (error != 0) crypto_.OPENSSL_cleanse(data, size);
  return error;
}

int32_t AeadCipher::TryDecrypt(int32_t cpu, const uint8_t* iv, AssociatedData aad, uint8_t* data, size_t size) {
  if (size > kMaxSize || aad.size > kMaxSize) return -EMSGSIZE;
  const KeyedContexts::Lease lease(contexts_, cpu);
  CipherContext* ctx = lease.ctx();
  if (ctx == nullptr) return -ENOMEM;

  const Nonce nonce = NonceOf(iv);
  const TagParameter tag(data + size, auth_size_);
  const ProviderCipher& cipher = contexts_.cipher();
  const bool ok = cipher.Begin(ctx, Direction::kDecrypt, nonce.data(), nonce.size(), tag.params) &&
                  cipher.Authenticate(ctx, aad.bytes, aad.size) && cipher.Update(ctx, data, data, size);
  const bool verified = ok && cipher.Finish(ctx, data + size);
  if (verified) return 0;
  crypto_.ERR_clear_error();
  return ok ? -EBADMSG : -EIO;
}

}  // namespace padata::functions
