#include "functions/libcrypto.h"

#include <dlfcn.h>

namespace padata::functions {
namespace {

// Fills one pointer of the table; returns whether the symbol is there.
template <typename Function>
bool Resolve(void* library, const char* name, Function** function) {
  *function = reinterpret_cast<Function*>(dlsym(library, name));
  return *function != nullptr;
}

// Fills the table from one library. Returns the first name that it does not have, or nullptr.
const char* ResolveAll(void* library, Libcrypto* table) {
#define PADATA_RESOLVE(name) \
  if (!Resolve(library, #name, &table->name)) return #name
  PADATA_RESOLVE(OPENSSL_cleanse);
  PADATA_RESOLVE(ERR_clear_error);
  PADATA_RESOLVE(EVP_CIPHER_fetch);
  PADATA_RESOLVE(EVP_CIPHER_free);
  PADATA_RESOLVE(EVP_CIPHER_get0_provider);
  PADATA_RESOLVE(OSSL_PROVIDER_get0_provider_ctx);
  PADATA_RESOLVE(OSSL_PROVIDER_query_operation);
  PADATA_RESOLVE(OSSL_PROVIDER_unquery_operation);
#undef PADATA_RESOLVE
  return nullptr;
}

}  // namespace

std::string FindLibcrypto(void* process, const char* library_name, Libcrypto* table) {
  const char* missing = ResolveAll(process, table);
  if (missing == nullptr) return {};
  std::string tried = std::string("no OpenSSL 3 was found: this process has no symbol ") + missing + "; ";

  // Never closed: contexts of it may live as long as the process.
  void* library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    return tried + "dlopen of " + library_name + ": " + (reason != nullptr ? reason : "failed");
  }
  missing = ResolveAll(library, table);
  return missing == nullptr ? std::string() : tried + library_name + " has no symbol " + missing;
}

const Libcrypto* GetLibcrypto(std::string* error) {
  static Libcrypto table{};
  static const std::string kError = FindLibcrypto(RTLD_DEFAULT, "libcrypto.so.3", &table);
  if (kError.empty()) return &table;
  *error = kError;
  return nullptr;
}

}  // namespace padata::functions
