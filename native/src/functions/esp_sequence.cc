#include "functions/esp.h"
#include "functions/network_order.h"

namespace padata::functions {

uint64_t InferSequence(uint64_t top, uint32_t low, uint32_t window) {
  const auto top_low = static_cast<uint32_t>(top);
  const auto top_high = static_cast<uint32_t>(top >> 32);
  const uint32_t bottom_low = top_low - (window - 1);  // may wrap
  uint32_t high = 0;
  if (top_low >= window - 1) {
    high = low >= bottom_low ? top_high : top_high + 1;  // case A: the window lies within one subspace
  } else {
    high = low >= bottom_low ? top_high - 1 : top_high;  // case B: it spans two
  }
  return uint64_t{high} << 32 | low;
}

EspAad::EspAad(uint32_t spi, uint64_t sequence, bool extended) : bytes_{}, size_(extended ? 12 : 8) {
  StoreBig<uint32_t>(bytes_.data(), spi);
  if (extended) {
    StoreBig<uint64_t>(bytes_.data() + 4, sequence);
  } else {
    StoreBig<uint32_t>(bytes_.data() + 4, static_cast<uint32_t>(sequence));
  }
}

}  // namespace padata::functions
