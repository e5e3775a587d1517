// Finding libcrypto. SPDX-License-Identifier: MIT
#include "functions/libcrypto.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace padata::functions
