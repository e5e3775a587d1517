// Finding libcrypto, and ciphers in it. SPDX-License-Identifier: MIT
#include "functions/libcrypto.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include "functions/provider_cipher.h"

namespace padata::functions {
namespace {

// A library that surely has no EVP functions: the C++ runtime.
void* SomeOtherLibrary() { return dlopen("libstdc++.so.6", RTLD_NOW | RTLD_NOLOAD); }

TEST(Libcrypto, IsFoundOnceAndComplete) {
  std::string error;
  const Libcrypto* crypto = GetLibcrypto(&error);
  ASSERT_NE(crypto, nullptr) << error;
  EXPECT_EQ(crypto, GetLibcrypto(&error));
  EXPECT_NE(crypto->OSSL_PROVIDER_query_operation, nullptr);
}

TEST(Libcrypto, LoadsTheLibraryWhereTheProcessHasNone) {
  Libcrypto table{};
  EXPECT_EQ(FindLibcrypto(SomeOtherLibrary(), "libcrypto.so.3", &table), "");
  EXPECT_NE(table.EVP_CIPHER_fetch, nullptr);
}

TEST(Libcrypto, SaysWhatWasTriedWhenNothingIsFound) {
  Libcrypto table{};
  const std::string error = FindLibcrypto(SomeOtherLibrary(), "libno-such-crypto.so.3", &table);
  EXPECT_NE(error.find("this process has no symbol OPENSSL_cleanse"), std::string::npos) << error;
  EXPECT_NE(error.find("dlopen of libno-such-crypto.so.3"), std::string::npos) << error;
}

TEST(Libcrypto, SaysWhichSymbolALibraryLacks) {
  Libcrypto table{};
  const std::string error = FindLibcrypto(SomeOtherLibrary(), "libm.so.6", &table);
  EXPECT_NE(error.find("libm.so.6 has no symbol OPENSSL_cleanse"), std::string::npos) << error;
}

const Libcrypto& Crypto() {
  std::string error;
  return *GetLibcrypto(&error);
}

TEST(ProviderCipher, IsFoundByAnyOfItsNames) {
  for (const char* name :
       {"AES-128-GCM", "aes-256-gcm", "id-aes256-GCM", "2.16.840.1.101.3.4.1.46", "ChaCha20-Poly1305"})
    EXPECT_NE(ProviderCipher::Fetch(Crypto(), name), nullptr) << name;
}

TEST(ProviderCipher, IsNotFoundByAPartOfAName) {
  for (const char* name : {"", "AES-256", "AES-256-GC", "AES-256-GCM:", "no-such-cipher"})
    EXPECT_EQ(ProviderCipher::Fetch(Crypto(), name), nullptr) << name;
}

TEST(ProviderCipher, RefusesAKeyOfAWrongSize) {
  const auto cipher = ProviderCipher::Fetch(Crypto(), "AES-256-GCM");
  const uint8_t key[32] = {};
  EXPECT_EQ(cipher->NewContext(Direction::kEncrypt, key, 31), nullptr);
  CipherContext* const ctx = cipher->NewContext(Direction::kEncrypt, key, 32);
  EXPECT_NE(ctx, nullptr);
  cipher->FreeContext(ctx);
  cipher->FreeContext(nullptr);
}

}  // namespace
}  // namespace padata::functions
