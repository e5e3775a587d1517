#include "functions/crc32.h"

#include <array>
#include <bit>
#include <cstring>

#include "functions/function_object.h"
#include "functions/functions.h"

namespace padata::functions {
namespace internal {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;  // reflected: bit 31 is the coefficient of x^0
constexpr size_t kSlices = 16;

using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

// Entry [n][b] is what the byte b does to the CRC when n bytes follow it.
constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint32_t UpdateByTables(uint32_t crc, const uint8_t* bytes, size_t size) {
  for (; size >= kSlices; bytes += kSlices, size -= kSlices) {
    uint8_t block[kSlices];
    std::memcpy(block, bytes, kSlices);
    for (size_t i = 0; i < sizeof(crc); ++i) block[i] ^= static_cast<uint8_t>(crc >> (8 * i));
    crc = 0;
    for (size_t i = 0; i < kSlices; ++i) crc ^= kTables[kSlices - 1 - i][block[i]];
  }
  for (; size > 0; ++bytes, --size) crc = (crc >> 8) ^ kTables[0][(crc ^ *bytes) & 0xff];
  return crc;
}

}  // namespace internal

uint32_t Crc32ByTables(const uint8_t* bytes, size_t size, uint32_t crc) {
  return ~internal::UpdateByTables(~crc, bytes, size);
}

uint32_t Crc32Of(const uint8_t* bytes, size_t size, uint32_t crc) {
  static const bool kCanFold = internal::CanFold();
  return ~(kCanFold ? internal::UpdateByFolding(~crc, bytes, size) : internal::UpdateByTables(~crc, bytes, size));
}

namespace {

int32_t RunCrc32(padata_call* call, void* /*ctx*/) {
  call->result.type = PADATA_RESULT_NUMBER;
  call->result.number = Crc32Of(call->bytes, call->size);
  return 0;
}

}  // namespace

const padata_function* Crc32() {
  static constexpr padata_function kFunction = DescribeJob("crc32", &RunCrc32);
  return &kFunction;
}

}  // namespace padata::functions
