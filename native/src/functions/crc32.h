// CRC-32 as zlib, gzip, PNG and Ethernet have it (ITU-T V.42: reflected polynomial 0xEDB88320, initial value and final
// exclusive-or all ones).
#ifndef PADATA_FUNCTIONS_CRC32_H_
#define PADATA_FUNCTIONS_CRC32_H_

#include <cstddef>
#include <cstdint>

namespace padata::functions {

/// The CRC-32 of `size` bytes; `crc` is the result over what came before, 0 at first. The fastest way that this CPU has.
uint32_t Crc32Of(const uint8_t* bytes, size_t size, uint32_t crc = 0);

/// The same, 16 bytes at a time by tables: what runs where there is no carry-less multiplication.
uint32_t Crc32ByTables(const uint8_t* bytes, size_t size, uint32_t crc = 0);

namespace internal {

/// `crc` without the exclusive-ors at both ends.
uint32_t UpdateByTables(uint32_t crc, const uint8_t* bytes, size_t size);

/// Whether the CPU can multiply without carries, and so UpdateByFolding() may be called.
bool CanFold();

/// The same as UpdateByTables() with carry-less multiplication.
uint32_t UpdateByFolding(uint32_t crc, const uint8_t* bytes, size_t size);

}  // namespace internal
}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_CRC32_H_
