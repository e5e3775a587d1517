#include "functions/provider_cipher.h"

#include <strings.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

namespace padata::functions {
namespace {

// OSSL_OP_CIPHER, and OSSL_FUNC_CIPHER_NEWCTX and so on.
constexpr int kOperation = 2;
enum FunctionId { kNewctx = 1, kEncryptInit, kDecryptInit, kUpdate, kFinal, kFreectx = 7, kGetCtxParams = 10 };

// Whether `name` is among names like "AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46".
bool IsAmong(std::string_view name, std::string_view names) {
  while (!names.empty()) {
    const size_t size = std::min(names.find(':'), names.size());
    if (size == name.size() && strncasecmp(name.data(), names.data(), size) == 0) return true;
    names.remove_prefix(std::min(size + 1, names.size()));
  }
  return false;
}

// Whether the table has it.
template <typename Function>
bool Find(const OsslDispatch* table, FunctionId id, Function** function) {
  while (table->function_id != 0 && table->function_id != id) ++table;
  *function = reinterpret_cast<Function*>(table->function);
  return table->function_id == id;
}

}  // namespace

std::unique_ptr<ProviderCipher> ProviderCipher::Fetch(const Libcrypto& crypto, const char* name) {
  EvpCipher* cipher = crypto.EVP_CIPHER_fetch(nullptr, name, nullptr);
  if (cipher == nullptr) {
    crypto.ERR_clear_error();
    return nullptr;
  }
  std::unique_ptr<ProviderCipher> made(new (std::nothrow) ProviderCipher(crypto, cipher));
  if (made == nullptr) crypto.EVP_CIPHER_free(cipher);
  return made != nullptr && made->FindFunctions(name) ? std::move(made) : nullptr;
}

ProviderCipher::~ProviderCipher() { crypto_.EVP_CIPHER_free(cipher_); }

bool ProviderCipher::FindFunctions(const char* name) {
  const OsslProvider* provider = crypto_.EVP_CIPHER_get0_provider(cipher_);
  provider_context_ = crypto_.OSSL_PROVIDER_get0_provider_ctx(provider);
  int no_store = 0;
  const OsslAlgorithm* const all = crypto_.OSSL_PROVIDER_query_operation(provider, kOperation, &no_store);
  bool is_found = false;
  for (const OsslAlgorithm* each = all; each != nullptr && each->names != nullptr && !is_found; ++each)
    is_found = IsAmong(name, each->names) && Take(each->implementation);
  crypto_.OSSL_PROVIDER_unquery_operation(provider, kOperation, all);
  return is_found;
}

// Whether the table has all that is needed.
bool ProviderCipher::Take(const OsslDispatch* table) {
  return Find(table, kNewctx, &functions_.newctx) && Find(table, kFreectx, &functions_.freectx) &&
         Find(table, kEncryptInit, &functions_.encrypt_init) && Find(table, kDecryptInit, &functions_.decrypt_init) &&
         Find(table, kUpdate, &functions_.update) && Find(table, kFinal, &functions_.final) &&
         Find(table, kGetCtxParams, &functions_.get_ctx_params);
}

CipherContext* ProviderCipher::NewContext(Direction direction, const uint8_t* key, size_t key_size) const {
  CipherContext* ctx = functions_.newctx(provider_context_);
  if (ctx == nullptr) return nullptr;
  if (InitFor(direction)(ctx, key, key_size, nullptr, 0, nullptr) == 1) return ctx;
  FreeContext(ctx);
  crypto_.ERR_clear_error();
  return nullptr;
}

void ProviderCipher::FreeContext(CipherContext* ctx) const {
  if (ctx != nullptr) functions_.freectx(ctx);
}

}  // namespace padata::functions
