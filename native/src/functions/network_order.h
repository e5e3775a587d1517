// Numbers in network byte order, at any alignment.
#ifndef PADATA_FUNCTIONS_NETWORK_ORDER_H_
#define PADATA_FUNCTIONS_NETWORK_ORDER_H_

#include <cstddef>
#include <cstdint>

namespace padata::functions {

// Compilers make one load or store, and one swap, of each of these.

template <typename Number>
Number LoadBig(const uint8_t* bytes) {
  Number number = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) number = static_cast<Number>((uint64_t{number} << 8) | bytes[i]);
  return number;
}

template <typename Number>
void StoreBig(uint8_t* bytes, Number number) {
  for (size_t i = 0; i < sizeof(Number); ++i) bytes[i] = static_cast<uint8_t>(number >> (8 * (sizeof(Number) - 1 - i)));
}

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_NETWORK_ORDER_H_
