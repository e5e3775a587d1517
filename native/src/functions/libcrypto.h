// The libcrypto that is in this process already, or the system's, without a build-time dependency on OpenSSL.
//
// Node links OpenSSL into itself and exports it, or loads it as a shared library; either way its symbols are found with
// dlsym(RTLD_DEFAULT, ...), and what runs on our threads is then the very library that node:crypto uses. Where that does
// not give every symbol (Electron's BoringSSL, a stripped Node), libcrypto.so.3 is loaded beside it.
//
// The declarations here are those of the OpenSSL 3.0 API, which 3.1 to 3.5 keep. Threads: everything here is safe on any
// thread; GetLibcrypto() resolves once.
#ifndef PADATA_FUNCTIONS_LIBCRYPTO_H_
#define PADATA_FUNCTIONS_LIBCRYPTO_H_

#include <cstddef>
#include <string>

namespace padata::functions {

struct EvpCipher;     // EVP_CIPHER
struct EvpCipherCtx;  // EVP_CIPHER_CTX

/// OSSL_PARAM of OpenSSL 3: one named value that is handed to an algorithm, or asked of it.
struct OsslParam {
  const char* key;
  unsigned data_type;
  void* data;
  size_t data_size;
  size_t return_size;
};

/// OSSL_PARAM_OCTET_STRING, OSSL_PARAM_UNMODIFIED and OSSL_CIPHER_PARAM_AEAD_TAG.
inline constexpr unsigned kOsslOctetString = 5;
inline constexpr size_t kOsslUnmodified = ~size_t{0};
inline constexpr char kOsslAeadTag[] = "tag";

/// Every function of libcrypto that is used. The names are OpenSSL's; those that make or change a context return 1 for
/// success.
struct Libcrypto {
  void (*OPENSSL_cleanse)(void* bytes, size_t size);
  void (*ERR_clear_error)();

  EvpCipher* (*EVP_CIPHER_fetch)(void* library_context, const char* algorithm, const char* properties);
  void (*EVP_CIPHER_free)(EvpCipher* cipher);

  EvpCipherCtx* (*EVP_CIPHER_CTX_new)();
  void (*EVP_CIPHER_CTX_free)(EvpCipherCtx* ctx);
  int (*EVP_CIPHER_CTX_get_params)(EvpCipherCtx* ctx, OsslParam* params);

  int (*EVP_EncryptInit_ex2)(EvpCipherCtx* ctx, const EvpCipher* cipher, const unsigned char* key,
                             const unsigned char* iv, const OsslParam* params);
  int (*EVP_EncryptUpdate)(EvpCipherCtx* ctx, unsigned char* out, int* out_size, const unsigned char* in, int in_size);
  int (*EVP_EncryptFinal_ex)(EvpCipherCtx* ctx, unsigned char* out, int* out_size);

  int (*EVP_DecryptInit_ex2)(EvpCipherCtx* ctx, const EvpCipher* cipher, const unsigned char* key,
                             const unsigned char* iv, const OsslParam* params);
  int (*EVP_DecryptUpdate)(EvpCipherCtx* ctx, unsigned char* out, int* out_size, const unsigned char* in, int in_size);
  int (*EVP_DecryptFinal_ex)(EvpCipherCtx* ctx, unsigned char* out, int* out_size);
};

/// The libcrypto of this process, or nullptr; `*error` then says what was tried and what was missing.
const Libcrypto* GetLibcrypto(std::string* error);

/// What GetLibcrypto() does once, for tests: looks in `process` (a handle of dlopen(), or RTLD_DEFAULT), then in the
/// library of that file name. Returns what went wrong, empty if `*table` is complete.
std::string FindLibcrypto(void* process, const char* library_name, Libcrypto* table);

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_LIBCRYPTO_H_
