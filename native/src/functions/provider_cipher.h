// One cipher of libcrypto as its provider implements it: the functions that EVP calls, without the checks and the bookkeeping of EVP
// in between, which cost a packet some 65 ns.
//
// Found by public means: EVP_CIPHER_fetch() says which provider has the cipher, OSSL_PROVIDER_query_operation(3) what that one has, and
// provider-cipher(7) says how it is called. Numbers and types are those of openssl/core_dispatch.h, which are fixed for OpenSSL 3.
//
// Threads: a context is used by one thread at a time; the rest is const.
#ifndef PADATA_FUNCTIONS_PROVIDER_CIPHER_H_
#define PADATA_FUNCTIONS_PROVIDER_CIPHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "functions/libcrypto.h"

namespace padata::functions {

enum class Direction { kEncrypt, kDecrypt };

/// A context of the provider's.
struct CipherContext;

class ProviderCipher {
 public:
  /// The cipher of that name in the default library context; nullptr if there is none.
  static std::unique_ptr<ProviderCipher> Fetch(const Libcrypto& crypto, const char* name);
  ~ProviderCipher();
  ProviderCipher(const ProviderCipher&) = delete;
  ProviderCipher& operator=(const ProviderCipher&) = delete;

  /// A keyed context, or nullptr.
  CipherContext* NewContext(Direction direction, const uint8_t* key, size_t key_size) const;
  /// Wipes it. nullptr is nothing.
  void FreeContext(CipherContext* ctx) const;

  // All false if libcrypto refuses, which may leave something in this thread's queue of errors.

  /// Begins a text. `params`: what is to be set, or nullptr.
  bool Begin(CipherContext* ctx, Direction direction, const uint8_t* iv, size_t iv_size,
             const OsslParam* params) const {
    return InitFor(direction)(ctx, nullptr, 0, iv, iv_size, params) == 1;
  }
  /// Before the text: bytes that are authenticated only, if there are any.
  bool Authenticate(CipherContext* ctx, const uint8_t* bytes, size_t size) const {
    size_t done = 0;
    return size == 0 || functions_.update(ctx, nullptr, &done, size, bytes, size) == 1;
  }
  /// The text; of stream ciphers as many bytes come out as go in.
  bool Update(CipherContext* ctx, uint8_t* out, const uint8_t* in, size_t size) const {
    size_t done = 0;
    return functions_.update(ctx, out, &done, size, in, size) == 1;
  }
  /// The end; to decrypt: false if the tag is wrong. `out` is where the text ends; nothing is written there.
  bool Finish(CipherContext* ctx, uint8_t* out) const {
    size_t done = 0;
    return functions_.final(ctx, out, &done, 0) == 1;
  }
  /// Reads what `params` name.
  bool Get(CipherContext* ctx, OsslParam* params) const { return functions_.get_ctx_params(ctx, params) == 1; }

 private:
  using Init = int (*)(CipherContext* ctx, const uint8_t* key, size_t key_size, const uint8_t* iv, size_t iv_size,
                       const OsslParam* params);
  struct Functions {
    CipherContext* (*newctx)(void* provider_context);
    void (*freectx)(CipherContext* ctx);
    Init encrypt_init;
    Init decrypt_init;
    int (*update)(CipherContext* ctx, uint8_t* out, size_t* out_size, size_t out_room, const uint8_t* in,
                  size_t in_size);
    int (*final)(CipherContext* ctx, uint8_t* out, size_t* out_size, size_t out_room);
    int (*get_ctx_params)(CipherContext* ctx, OsslParam* params);
  };

  ProviderCipher(const Libcrypto& crypto, EvpCipher* cipher) : crypto_(crypto), cipher_(cipher) {}
  Init InitFor(Direction direction) const {
    return direction == Direction::kEncrypt ? functions_.encrypt_init : functions_.decrypt_init;
  }
  bool FindFunctions(const char* name);
  bool Take(const OsslDispatch* table);

  const Libcrypto& crypto_;
  EvpCipher* const cipher_;  // keeps the provider
  void* provider_context_ = nullptr;
  Functions functions_{};
};

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_PROVIDER_CIPHER_H_
