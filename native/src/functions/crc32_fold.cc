// CRC-32 by folding: a message is a polynomial, and 128 bits of it that lie n bits further ahead may be replaced by their
// product with (x^n mod P) where they are added. So long messages shrink 64 bytes a step with carry-less
// multiplications, down to 16 bytes, for which the tables are used. The method is that of Gopal et al., "Fast CRC
// Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009); the constants are computed here.
#include "functions/crc32.h"

#if defined(__x86_64__)

#include <immintrin.h>

namespace padata::functions::internal {
namespace {

// x^n mod P, reflected (bit 31 is x^0), one place to the left: the product of two reflected 64-bit numbers comes out
// one place too far right.
constexpr int64_t PowerOfX(unsigned n) {
  uint32_t power = 0x80000000;
  for (unsigned i = 0; i < n; ++i) power = (power >> 1) ^ ((power & 1) != 0 ? 0xEDB88320U : 0);
  return static_cast<int64_t>(uint64_t{power} << 1);
}

// The constants that carry 128 bits `distance` bits ahead: the low half of the register holds the higher powers.
struct FoldConstants {
  int64_t low;
  int64_t high;
};
constexpr FoldConstants Ahead(unsigned distance) { return {PowerOfX(distance + 32), PowerOfX(distance - 32)}; }
constexpr FoldConstants kAhead512 = Ahead(512);
constexpr FoldConstants kAhead128 = Ahead(128);

#define PADATA_FOLD_TARGET __attribute__((target("pclmul,sse2")))

PADATA_FOLD_TARGET inline __m128i Load(const uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

PADATA_FOLD_TARGET inline __m128i Constants(FoldConstants constants) {
  return _mm_set_epi64x(constants.high, constants.low);
}

PADATA_FOLD_TARGET inline __m128i Fold(__m128i sum, __m128i constants, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(sum, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(sum, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// Folds `size` bytes, a multiple of 16 and at least 64, to the 16 bytes of the result.
PADATA_FOLD_TARGET __m128i FoldAll(uint32_t crc, const uint8_t* bytes, size_t size) {
  const __m128i ahead512 = Constants(kAhead512);
  const __m128i ahead128 = Constants(kAhead128);
  __m128i s0 = _mm_xor_si128(Load(bytes), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i s1 = Load(bytes + 16);
  __m128i s2 = Load(bytes + 32);
  __m128i s3 = Load(bytes + 48);
  for (bytes += 64, size -= 64; size >= 64; bytes += 64, size -= 64) {
    s0 = Fold(s0, ahead512, Load(bytes));
    s1 = Fold(s1, ahead512, Load(bytes + 16));
    s2 = Fold(s2, ahead512, Load(bytes + 32));
    s3 = Fold(s3, ahead512, Load(bytes + 48));
  }
  __m128i sum = Fold(Fold(Fold(s0, ahead128, s1), ahead128, s2), ahead128, s3);
  for (; size >= 16; bytes += 16, size -= 16) sum = Fold(sum, ahead128, Load(bytes));
  return sum;
}

}  // namespace

bool CanFold() { return __builtin_cpu_supports("pclmul") != 0; }

uint32_t UpdateByFolding(uint32_t crc, const uint8_t* bytes, size_t size) {
  if (size < 64) return UpdateByTables(crc, bytes, size);
  const size_t whole = size & ~size_t{15};
  uint8_t rest[16];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), FoldAll(crc, bytes, whole));
  return UpdateByTables(UpdateByTables(0, rest, sizeof(rest)), bytes + whole, size - whole);
}

}  // namespace padata::functions::internal

#else

namespace padata::functions::internal {

bool CanFold() { return false; }

uint32_t UpdateByFolding(uint32_t crc, const uint8_t* bytes, size_t size) { return UpdateByTables(crc, bytes, size); }

}  // namespace padata::functions::internal

#endif
