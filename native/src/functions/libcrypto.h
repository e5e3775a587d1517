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
struct OsslProvider;  // OSSL_PROVIDER

/// OSSL_PARAM of OpenSSL 3: one named value that is handed to an algorithm, or asked of it.
struct OsslParam {
  const char* key;
  unsigned data_type;
  void* data;
  size_t data_size;
  size_t return_size;
};

/// OSSL_DISPATCH: a function of a provider. The last one of a table has the id 0.
struct OsslDispatch {
  int function_id;
  void (*function)();
};

/// OSSL_ALGORITHM: one that a provider has. The last one of a table has no names.
struct OsslAlgorithm {
  const char* names;
  const char* properties;
  const OsslDispatch* implementation;
  const char* description;
};

/// OSSL_PARAM_OCTET_STRING, OSSL_PARAM_UNMODIFIED and OSSL_CIPHER_PARAM_AEAD_TAG.
inline constexpr unsigned kOsslOctetString = 5;
inline constexpr size_t kOsslUnmodified = ~size_t{0};
inline constexpr char kOsslAeadTag[] = "tag";

/// Every function of libcrypto that is used by name. The names are OpenSSL's.
struct Libcrypto {
  void (*OPENSSL_cleanse)(void* bytes, size_t size);
  void (*ERR_clear_error)();

  EvpCipher* (*EVP_CIPHER_fetch)(void* library_context, const char* algorithm, const char* properties);
  void (*EVP_CIPHER_free)(EvpCipher* cipher);
  const OsslProvider* (*EVP_CIPHER_get0_provider)(const EvpCipher* cipher);

  void* (*OSSL_PROVIDER_get0_provider_ctx)(const OsslProvider* provider);
  const OsslAlgorithm* (*OSSL_PROVIDER_query_operation)(const OsslProvider* provider, int operation, int* no_store);
  void (*OSSL_PROVIDER_unquery_operation)(const OsslProvider* provider, int operation, const OsslAlgorithm* all);
};

/// The libcrypto of this process, or nullptr; `*error` then says what was tried and what was missing.
const Libcrypto* GetLibcrypto(std::string* error);

/// What GetLibcrypto() does once, for tests: looks in `process` (a handle of dlopen(), or RTLD_DEFAULT), then in the
/// library of that file name. Returns what went wrong, empty if `*table` is complete.
std::string FindLibcrypto(void* process, const char* library_name, Libcrypto* table);

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_LIBCRYPTO_H_
