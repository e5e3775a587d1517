// The AEAD functions where text and result lie elsewhere. SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "functions/aead.h"
#include "support/function_call.h"

namespace padata::functions {
namespace {

using test::Bytes;
using test::Call;
using test::FunctionReference;
using test::Outcome;

constexpr size_t kTag = 16;

std::unique_ptr<AeadCipher> NewCipher(Direction direction) {
  const Bytes key(32, 0x42);
  AeadError error;
  auto cipher = AeadCipher::New(direction, "gcm(aes)", key.data(), key.size(), std::nullopt, &error);
  EXPECT_NE(cipher, nullptr) << error.message;
  return cipher;
}

class AeadReferences : public testing::Test {
 protected:
  // Part 0 as lib/internal/input.ts makes it.
  Bytes Part(const Bytes* source, Bytes* destination, size_t size) const {
    const AeadReference reference{source == nullptr ? nullptr : source->data(), destination->data(),
                                  static_cast<uint32_t>(size), static_cast<uint32_t>(destination->size())};
    Bytes part = iv;
    part.resize(iv.size() + sizeof reference);
    std::memcpy(part.data() + iv.size(), &reference, sizeof reference);
    return part;
  }
  void ExpectSize(const Outcome& outcome, size_t size) const {
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.type, static_cast<uint32_t>(PADATA_RESULT_NUMBER));
    EXPECT_EQ(outcome.number, static_cast<double>(size));
  }

  const FunctionReference encrypt{NewAeadEncrypt(NewCipher(Direction::kEncrypt))};
  const FunctionReference decrypt{NewAeadDecrypt(NewCipher(Direction::kDecrypt))};
  const Bytes iv = Bytes(12, 3);
  const Bytes aad = Bytes(7, 4);
  const Bytes text = Bytes(1420, 5);
  const Bytes sealed = Call(encrypt.get(), {iv, aad, text}).bytes;
};

TEST_F(AeadReferences, EncryptReadsAndWritesWhereItIsTold) {
  Bytes destination(text.size() + kTag);
  ExpectSize(Call(encrypt.get(), {Part(&text, &destination, text.size()), aad, {}}), sealed.size());
  EXPECT_EQ(destination, sealed);
}

TEST_F(AeadReferences, EncryptTakesTheTextFromPart2) {
  Bytes destination(text.size() + kTag);
  ExpectSize(Call(encrypt.get(), {Part(nullptr, &destination, text.size()), aad, text}), sealed.size());
  EXPECT_EQ(destination, sealed);
}

TEST_F(AeadReferences, EncryptInPlace) {
  Bytes both = text;
  both.resize(text.size() + kTag);
  ExpectSize(Call(encrypt.get(), {Part(&both, &both, text.size()), aad, {}}), sealed.size());
  EXPECT_EQ(both, sealed);
}

TEST_F(AeadReferences, DecryptWritesOnlyWhatWasVerified) {
  Bytes destination(text.size());
  ExpectSize(Call(decrypt.get(), {Part(&sealed, &destination, sealed.size()), aad, Bytes(sealed.size())}), text.size());
  EXPECT_EQ(destination, text);

  Bytes changed = sealed;
  changed.back() ^= 1;
  const Bytes untouched(text.size(), 0xAA);
  destination = untouched;
  const Outcome outcome =
      Call(decrypt.get(), {Part(&changed, &destination, changed.size()), aad, Bytes(changed.size())});
  EXPECT_EQ(outcome.status, -EBADMSG);
  EXPECT_EQ(destination, untouched);
  EXPECT_EQ(std::search(outcome.memory.begin(), outcome.memory.end(), text.begin(), text.begin() + 8),
            outcome.memory.end());
}

TEST_F(AeadReferences, NothingIsWrittenBehindTheDestination) {
  Bytes destination(text.size() + kTag - 1);
  EXPECT_EQ(Call(encrypt.get(), {Part(&text, &destination, text.size()), aad, {}}).status, -ENOBUFS);
  destination.resize(text.size() - 1);
  destination.shrink_to_fit();
  EXPECT_EQ(Call(decrypt.get(), {Part(&sealed, &destination, sealed.size()), aad, Bytes(sealed.size())}).status,
            -ENOBUFS);
}

TEST_F(AeadReferences, PartsThatDoNotFitAreRefused) {
  Bytes destination(text.size() + kTag);
  const Bytes part = Part(nullptr, &destination, text.size());
  EXPECT_EQ(Call(encrypt.get(), {part, aad, Bytes(text.size() - 1)}).status, -EINVAL);
  EXPECT_EQ(Call(encrypt.get(), {Bytes(part.begin(), part.end() - 1), aad, text}).status, -EINVAL);
  EXPECT_EQ(Call(decrypt.get(), {Part(&sealed, &destination, sealed.size()), aad, Bytes(8)}).status, -EINVAL);
}

// Two threads of a CPU have a context each, and a third one does not disturb them.
TEST_F(AeadReferences, ThreadsThatNameTheSameCpuDoNotShareAContext) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 500; ++n) EXPECT_EQ(Call(encrypt.get(), {iv, aad, text}, 5).bytes, sealed);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace padata::functions
