// The AEAD functions against published vectors, and against tampering. SPDX-License-Identifier: MIT
#include "functions/aead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <random>
#include <thread>

#include "functions/functions.h"
#include "support/aead_vectors.h"
#include "support/function_call.h"

namespace padata::functions {
namespace {

using test::AeadVector;
using test::Bytes;
using test::Call;
using test::FromHex;
using test::FunctionReference;
using test::Outcome;

struct Pair {
  FunctionReference encrypt;
  FunctionReference decrypt;
};

std::unique_ptr<AeadCipher> NewCipher(Direction direction, const char* name, const Bytes& key,
                                      std::optional<size_t> auth_size) {
  AeadError error;
  auto cipher = AeadCipher::New(direction, name, key.data(), key.size(), auth_size, &error);
  EXPECT_NE(cipher, nullptr) << error.message;
  return cipher;
}

Pair NewPair(const char* name, const Bytes& key, std::optional<size_t> auth_size = std::nullopt) {
  return {FunctionReference(NewAeadEncrypt(NewCipher(Direction::kEncrypt, name, key, auth_size))),
          FunctionReference(NewAeadDecrypt(NewCipher(Direction::kDecrypt, name, key, auth_size)))};
}

Bytes Noise(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// Whether any 8 bytes of `secret` can be found in `memory`.
bool Contains(const Bytes& memory, const Bytes& secret) {
  constexpr size_t kLength = 8;
  for (size_t i = 0; i + kLength <= secret.size(); ++i) {
    const auto first = secret.begin() + static_cast<long>(i);
    if (std::search(memory.begin(), memory.end(), first, first + kLength) != memory.end()) return true;
  }
  return false;
}

class AeadVectors : public testing::TestWithParam<AeadVector> {};

TEST_P(AeadVectors, BothWays) {
  const AeadVector& vector = GetParam();
  const Bytes iv = FromHex(vector.iv);
  const Bytes aad = FromHex(vector.aad);
  const Bytes plaintext = FromHex(vector.plaintext);
  const Bytes output = FromHex(vector.output);
  const Pair pair = NewPair(vector.algorithm, FromHex(vector.key));
  for (int again = 0; again < 3; ++again) {  // the second time with a context that was used before
    const Outcome encrypted = Call(pair.encrypt.get(), {iv, aad, plaintext});
    ASSERT_EQ(encrypted.status, 0) << vector.source;
    EXPECT_EQ(encrypted.bytes, output) << vector.source;
    const Outcome decrypted = Call(pair.decrypt.get(), {iv, aad, output});
    ASSERT_EQ(decrypted.status, 0) << vector.source;
    EXPECT_EQ(decrypted.bytes, plaintext) << vector.source;
  }
}

INSTANTIATE_TEST_SUITE_P(Published, AeadVectors, testing::ValuesIn(test::kAeadVectors));

struct Shape {
  const char* algorithm;
  size_t key_size;
  size_t iv_size;
  size_t aad_size;
};
constexpr Shape kShapes[] = {{"gcm(aes)", 16, 12, 13},
                             {"gcm(aes)", 32, 12, 0},
                             {"rfc4106(gcm(aes))", 28, 8, 8},
                             {"rfc4106(gcm(aes))", 36, 8, 12},
                             {"rfc7539(chacha20,poly1305)", 32, 12, 20},
                             {"rfc7539esp(chacha20,poly1305)", 36, 8, 12}};

class AeadShapes : public testing::TestWithParam<Shape> {
 protected:
  const Bytes key_ = Noise(GetParam().key_size, 1);
  const Bytes iv_ = Noise(GetParam().iv_size, 2);
  const Bytes aad_ = Noise(GetParam().aad_size, 3);
  const Pair pair_ = NewPair(GetParam().algorithm, key_);

  void ExpectRefused(const Bytes& iv, const Bytes& aad, const Bytes& text, const Bytes& secret, const char* what) {
    const Outcome outcome = Call(pair_.decrypt.get(), {iv, aad, text});
    EXPECT_EQ(outcome.status, -EBADMSG) << what;
    EXPECT_EQ(outcome.type, static_cast<uint32_t>(PADATA_RESULT_NONE)) << what;
    EXPECT_FALSE(Contains(outcome.memory, secret)) << what << ": plaintext was left in the memory";
  }
};

TEST_P(AeadShapes, EveryFlippedBitIsRefusedAndLeavesNoPlaintext) {
  const Bytes secret = Noise(70, 4);
  const Bytes text = Call(pair_.encrypt.get(), {iv_, aad_, secret}).bytes;
  ASSERT_EQ(text.size(), secret.size() + kMaxAuthSize);
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    Bytes changed = text;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    ExpectRefused(iv_, aad_, changed, secret, "text or tag");
  }
  for (size_t bit = 0; bit < aad_.size() * 8; ++bit) {
    Bytes changed = aad_;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    ExpectRefused(iv_, changed, text, secret, "associated data");
  }
  for (size_t bit = 0; bit < iv_.size() * 8; ++bit) {
    Bytes changed = iv_;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    ExpectRefused(changed, aad_, text, secret, "iv");
  }
  // After all that, what is genuine is still accepted.
  EXPECT_EQ(Call(pair_.decrypt.get(), {iv_, aad_, text}).bytes, secret);
}

TEST_P(AeadShapes, RoundTripsAtEverySmallSizeAndAtLargeOnes) {
  std::vector<size_t> sizes = {1420, 65535, 1 << 20};
  for (size_t size = 0; size < 130; ++size) sizes.push_back(size);
  for (size_t size : sizes) {
    const Bytes secret = Noise(size, 5);
    const Outcome encrypted = Call(pair_.encrypt.get(), {iv_, aad_, secret});
    ASSERT_EQ(encrypted.bytes.size(), size + kMaxAuthSize) << size;
    const Outcome decrypted = Call(pair_.decrypt.get(), {iv_, aad_, encrypted.bytes});
    ASSERT_EQ(decrypted.status, 0) << size;
    ASSERT_EQ(decrypted.bytes, secret) << size;
  }
}

TEST_P(AeadShapes, LargeTextsAreWipedToo) {
  const Bytes secret = Noise(1 << 20, 6);
  Bytes text = Call(pair_.encrypt.get(), {iv_, aad_, secret}).bytes;
  text.back() ^= 1;
  const Outcome outcome = Call(pair_.decrypt.get(), {iv_, aad_, text});
  EXPECT_EQ(outcome.status, -EBADMSG);
  const auto first = outcome.memory.begin() + static_cast<long>(iv_.size() + aad_.size());
  EXPECT_TRUE(std::all_of(first, first + static_cast<long>(secret.size()), [](uint8_t byte) { return byte == 0; }));
}

TEST_P(AeadShapes, PartsOfWrongSizeAreInvalid) {
  const Bytes text(40);
  for (const FunctionReference* function : {&pair_.encrypt, &pair_.decrypt}) {
    EXPECT_EQ(Call(function->get(), {}).status, -EINVAL);
    EXPECT_EQ(Call(function->get(), {Bytes(iv_.size() - 1), aad_, text}).status, -EINVAL);
    EXPECT_EQ(Call(function->get(), {Bytes(iv_.size() + 1), aad_, text}).status, -EINVAL);
  }
  EXPECT_EQ(Call(pair_.decrypt.get(), {iv_, aad_, Bytes(kMaxAuthSize - 1)}).status, -EINVAL);
  EXPECT_EQ(Call(pair_.decrypt.get(), {iv_, aad_, Bytes(kMaxAuthSize)}).status, -EBADMSG);
}

TEST_P(AeadShapes, ManyThreadsMayShareOneCpuNumber) {
  const Bytes secret = Noise(200, 7);
  const Bytes expected = Call(pair_.encrypt.get(), {iv_, aad_, secret}).bytes;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        // CPU 100000 is beyond every table, -1 is none at all.
        for (int32_t cpu : {0, 8191, 100000, -1}) {
          EXPECT_EQ(Call(pair_.encrypt.get(), {iv_, aad_, secret}, cpu).bytes, expected);
          EXPECT_EQ(Call(pair_.decrypt.get(), {iv_, aad_, expected}, cpu).bytes, secret);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

INSTANTIATE_TEST_SUITE_P(All, AeadShapes, testing::ValuesIn(kShapes));

TEST(Aead, EveryTagLengthThatTheKernelAllows) {
  const Bytes iv = Noise(12, 1);
  const Bytes aad = Noise(9, 2);
  const Bytes secret = Noise(100, 3);
  const Bytes key = Noise(16, 4);
  const Bytes full = Call(NewPair("gcm(aes)", key).encrypt.get(), {iv, aad, secret}).bytes;
  for (size_t auth_size : {4U, 8U, 12U, 13U, 14U, 15U, 16U}) {
    const Pair pair = NewPair("gcm(aes)", key, auth_size);
    Bytes text = Call(pair.encrypt.get(), {iv, aad, secret}).bytes;
    EXPECT_EQ(text, Bytes(full.begin(), full.begin() + static_cast<long>(secret.size() + auth_size))) << auth_size;
    EXPECT_EQ(Call(pair.decrypt.get(), {iv, aad, text}).bytes, secret) << auth_size;
    text.back() ^= 0x80;
    EXPECT_EQ(Call(pair.decrypt.get(), {iv, aad, text}).status, -EBADMSG) << auth_size;
  }
}

TEST(Aead, Rfc4106TakesOnlyTheAssociatedDataOfEsp) {
  const Pair pair = NewPair("rfc4106(gcm(aes))", Noise(20, 1));
  for (size_t size = 0; size < 24; ++size) {
    const int32_t expected = size == 8 || size == 12 ? 0 : -EINVAL;
    EXPECT_EQ(Call(pair.encrypt.get(), {Bytes(8), Bytes(size), Bytes(5)}).status, expected) << size;
  }
}

struct Refusal {
  const char* algorithm;
  size_t key_size;
  std::optional<size_t> auth_size;
  int32_t error;
  const char* argument;
};
constexpr Refusal kRefusals[] = {
    {"cbc(aes)", 16, std::nullopt, -ENOENT, "name"},
    {"", 16, std::nullopt, -ENOENT, "name"},
    {"gcm(aes)", 0, std::nullopt, -EINVAL, "key"},
    {"gcm(aes)", 17, std::nullopt, -EINVAL, "key"},
    {"gcm(aes)", 20, std::nullopt, -EINVAL, "key"},
    {"rfc4106(gcm(aes))", 3, std::nullopt, -EINVAL, "key"},
    {"rfc4106(gcm(aes))", 4, std::nullopt, -EINVAL, "key"},
    {"rfc4106(gcm(aes))", 16, std::nullopt, -EINVAL, "key"},
    {"rfc7539(chacha20,poly1305)", 36, std::nullopt, -EINVAL, "key"},
    {"rfc7539(chacha20,poly1305)", 16, std::nullopt, -EINVAL, "key"},
    {"rfc7539esp(chacha20,poly1305)", 32, std::nullopt, -EINVAL, "key"},
    {"gcm(aes)", 16, 0, -EINVAL, "authSize"},
    {"gcm(aes)", 16, 11, -EINVAL, "authSize"},
    {"gcm(aes)", 16, 17, -EINVAL, "authSize"},
    {"gcm(aes)", 16, size_t{1} << 33, -EINVAL, "authSize"},
    {"rfc4106(gcm(aes))", 20, 13, -EINVAL, "authSize"},
    {"rfc7539(chacha20,poly1305)", 32, 12, -EINVAL, "authSize"},
    {"rfc7539esp(chacha20,poly1305)", 36, 8, -EINVAL, "authSize"},
};

TEST(Aead, WhatTheKernelRefusesIsRefusedAndSaysWhichArgumentIsToBlame) {
  for (const Refusal& refusal : kRefusals) {
    const Bytes key(refusal.key_size);
    AeadError error;
    EXPECT_EQ(
        AeadCipher::New(Direction::kEncrypt, refusal.algorithm, key.data(), key.size(), refusal.auth_size, &error),
        nullptr);
    EXPECT_EQ(error.error, refusal.error) << refusal.algorithm << ' ' << refusal.key_size;
    EXPECT_STREQ(error.argument, refusal.argument) << refusal.algorithm << ' ' << refusal.key_size;
    EXPECT_NE(error.message, "");
  }
}

TEST(Aead, ContextsLastAsLongAsTheLastReference) {
  const Bytes key = Noise(32, 1);
  const padata_function* encrypt = NewAeadEncrypt(NewCipher(Direction::kEncrypt, "gcm(aes)", key, std::nullopt));
  const padata_function copy = *encrypt;
  copy.retain(copy.ctx);
  ReleaseFunction(encrypt);
  EXPECT_EQ(Call(&copy, {Bytes(12), {}, Bytes(30)}).status, 0);
  copy.release(copy.ctx);
}

}  // namespace
}  // namespace padata::functions
