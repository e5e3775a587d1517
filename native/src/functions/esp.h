// ESP (RFC 4303) with AES-GCM (RFC 4106) or ChaCha20-Poly1305 (RFC 7634): native functions that turn IP packets into ESP
// packets and back.
//
// Sequence numbers are made and checked where the order is known, by JavaScript: outbound gets its number as part 0, inbound
// gives the number of the packet in front of its result, for the anti-replay window. Both are 64 bits in network order.
//
//   outbound  part 0: the sequence number, from 1 on. Part 1: an IPv4 or IPv6 packet. Result: an IP packet with ESP.
//   inbound   part 0: the highest sequence number that was accepted so far (the top of the anti-replay window; it may lag
//             behind by what is in flight). Part 1: an IP packet with ESP. Result: the sequence number, then the IP
//             packet that was inside.
//
// A job ends with one of these, as xfrm of the kernel has them where it has one:
//
//   -EINVAL            not an IPv4 or IPv6 packet, or truncated. Inbound: no room for ESP, or what was encrypted is
//                      no such packet (padding, next header, inner length)
//   -EMSGSIZE          outbound: the packet would be longer than an IP header can say
//   -EOPNOTSUPP        a fragment: outbound in transport mode (RFC 4303, 3.3.4), inbound always (3.4.1)
//   -EOVERFLOW         outbound: a sequence number above 2^32 - 1 without extended sequence numbers
//   -EPROTONOSUPPORT   inbound: the packet is not ESP
//   -ESRCH             inbound: another SPI
//   -EBADMSG           inbound: the integrity check failed; no byte of plaintext is left in the memory
//   -ENOMSG            inbound: a genuine dummy packet (RFC 4303, 2.6), to be discarded
//
// or with -ENOMEM or -EIO, see AeadCipher.
#ifndef PADATA_FUNCTIONS_ESP_H_
#define PADATA_FUNCTIONS_ESP_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "functions/aead_cipher.h"
#include "padata.h"

namespace padata::functions {

inline constexpr size_t kEspIvSize = 8;
inline constexpr size_t kEspHeaderSize = 8 + kEspIvSize;  // SPI, sequence number, iv
inline constexpr size_t kSequenceSize = 8;                // part 0

/// What the DF bit of an outer IPv4 header is to be (RFC 4301, 8.1). An IPv6 packet counts as one with DF set.
enum class DontFragment : uint8_t { kCopy, kSet, kClear };

/// The outer header of tunnel mode (RFC 4301, 5.1.2). IPv4 addresses are the first four bytes.
struct EspTunnel {
  int version;  // 4 or 6
  std::array<uint8_t, 16> source;
  std::array<uint8_t, 16> destination;
  uint8_t hop_limit;
  DontFragment dont_fragment;
  std::optional<uint8_t> dscp;  // none: copied from the packet inside. ECN is always copied
};

/// What the two ends of a security association have agreed on, less the cipher and its key.
struct EspParameters {
  uint32_t spi;
  std::optional<EspTunnel> tunnel;  // none: transport mode
  bool extended_sequence;           // RFC 4304: 64 bits, of which the upper half is authenticated but not sent
  uint32_t replay_window;           // inbound with extended_sequence: packets, at least 1
};

/// Take over a cipher of their direction whose iv_size() is kEspIvSize. The description carries one reference; NULL if
/// there is no memory.
const padata_function* NewEspOutbound(const EspParameters& parameters, std::unique_ptr<AeadCipher> cipher);
const padata_function* NewEspInbound(const EspParameters& parameters, std::unique_ptr<AeadCipher> cipher);

/// The extended sequence number whose lower half is `low`, given the highest that was accepted and the size of the
/// anti-replay window (RFC 4303, appendix A2.2). May give one for which no packet was ever made; the integrity check
/// then fails.
uint64_t InferSequence(uint64_t top, uint32_t low, uint32_t window);

/// The associated data: SPI and sequence number (RFC 4106, 5; RFC 7634, 2.1).
class EspAad {
 public:
  EspAad(uint32_t spi, uint64_t sequence, bool extended);
  AssociatedData get() const { return {bytes_.data(), size_}; }

 private:
  std::array<uint8_t, 12> bytes_;
  size_t size_;
};

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_ESP_H_
