// A key is gone from the memory of the process when its last user has gone. SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "functions/aead.h"
#include "functions/functions.h"
#include "support/function_call.h"

namespace padata::functions {
namespace {

using test::Bytes;
using test::Call;

constexpr size_t kKeySize = 32;

// The key as it is kept here: every byte changed, so that the search does not find what it is looking for here.
uint8_t Hidden(size_t i) { return static_cast<uint8_t>(0x35 + 89 * i); }
uint8_t KeyByte(size_t i) { return static_cast<uint8_t>(Hidden(i) ^ 0xC6); }

// For what reads memory that is not ours, in the eyes of the sanitizers.
#define PADATA_LOOKS_ANYWHERE __attribute__((no_sanitize("address", "thread")))

PADATA_LOOKS_ANYWHERE bool IsKey(const volatile uint8_t* bytes) {
  for (size_t i = 0; i < kKeySize; ++i) {
    if (bytes[i] != KeyByte(i)) return false;
  }
  return true;
}

// How often the key stands in one mapping.
PADATA_LOOKS_ANYWHERE size_t CountIn(const volatile uint8_t* from, const volatile uint8_t* to) {
  size_t found = 0;
  for (const volatile uint8_t* at = from; at + kKeySize <= to; ++at) {
    if (*at == KeyByte(0) && IsKey(at)) ++found;
  }
  return found;
}

// How often the key stands in the heap and in anonymous memory of this process.
size_t CountKeys() {
  std::ifstream maps("/proc/self/maps");
  size_t found = 0;
  for (std::string line; std::getline(maps, line);) {
    uintptr_t from = 0;
    uintptr_t to = 0;
    std::array<char, 5> mode{};
    uint64_t inode = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %lu", &from, &to, mode.data(), &inode) != 4) continue;
    const bool huge = to - from > (size_t{1} << 30);  // the shadow of a sanitizer
    if (std::strncmp(mode.data(), "rw", 2) != 0 || inode != 0 || huge) continue;
    found += CountIn(reinterpret_cast<const uint8_t*>(from), reinterpret_cast<const uint8_t*>(to));
  }
  return found;
}

const padata_function* NewKeyed(bool encrypt, const char* algorithm) {
  std::array<uint8_t, kKeySize + 4> key{};
  for (size_t i = 0; i < kKeySize; ++i) key[i] = KeyByte(i);
  AeadError error;
  auto cipher = AeadCipher::New(encrypt ? Direction::kEncrypt : Direction::kDecrypt, algorithm, key.data(), key.size(),
                                std::nullopt, &error);
  explicit_bzero(key.data(), key.size());
  EXPECT_NE(cipher, nullptr) << error.message;
  return encrypt ? NewAeadEncrypt(std::move(cipher)) : NewAeadDecrypt(std::move(cipher));
}

void LeavesNoKey(bool encrypt, const char* algorithm) {
  ASSERT_EQ(CountKeys(), 0U);
  const padata_function* function = NewKeyed(encrypt, algorithm);
  for (int32_t cpu : {0, 1, 70, 100000}) Call(function, {Bytes(8), Bytes(8), Bytes(64)}, cpu);
  // Its own copy, and one in the context of each of the three CPUs that have a slot.
  EXPECT_GE(CountKeys(), 4U) << "the search does not work";
  ReleaseFunction(function);
  EXPECT_EQ(CountKeys(), 0U) << algorithm;
}

TEST(AeadWipe, NoKeyIsLeftOfAesGcm) {
  LeavesNoKey(true, "rfc4106(gcm(aes))");
  LeavesNoKey(false, "rfc4106(gcm(aes))");
}

TEST(AeadWipe, NoKeyIsLeftOfChaCha20) {
  LeavesNoKey(true, "rfc7539esp(chacha20,poly1305)");
  LeavesNoKey(false, "rfc7539esp(chacha20,poly1305)");
}

}  // namespace
}  // namespace padata::functions
