// What ESP has to know of IPv4 and IPv6 headers (RFC 791, RFC 8200).
//
// The packets may be hostile, and other code may write to their memory meanwhile: every byte is looked at once, and what
// was found is kept in an IpHeader.
#ifndef PADATA_FUNCTIONS_IP_HEADER_H_
#define PADATA_FUNCTIONS_IP_HEADER_H_

#include <cstddef>
#include <cstdint>

namespace padata::functions {

// Protocol numbers of the IANA registry.
inline constexpr uint8_t kProtocolIpv4 = 4;
inline constexpr uint8_t kProtocolIpv6 = 41;
inline constexpr uint8_t kProtocolEsp = 50;
inline constexpr uint8_t kProtocolNone = 59;  // no next header; inside ESP a dummy packet (RFC 4303, 2.6)

inline constexpr size_t kIpv4HeaderSize = 20;  // without options
inline constexpr size_t kIpv6HeaderSize = 40;

struct IpHeader {
  int version;            // 4 or 6
  size_t total_size;      // of the packet, as the header has it
  size_t header_size;     // IPv4 with options; IPv6 with those extension headers that were skipped
  uint8_t next_header;    // the protocol behind those bytes
  size_t next_header_at;  // where that number stands
  bool fragment;          // part of a datagram, not all of it
  uint8_t traffic_class;  // IPv4: the TOS byte. DSCP in the upper six bits, ECN in the lower two
  bool dont_fragment;     // IPv4: the DF bit. IPv6: true
  uint32_t flow_label;    // IPv6, else 0
};

/// Reads the header at the begin of `size` bytes. 0; or -EINVAL: no such packet, or one that is longer than `size`.
/// Bytes behind the packet's end (Ethernet's padding) are no error.
int32_t ParseIpHeader(const uint8_t* bytes, size_t size, IpHeader* header);

enum class Extensions {
  kInFrontOfEsp,  // those that an outbound ESP header goes behind (RFC 4303, 3.1.1): hop-by-hop options, routing, fragment,
                  // and destination options where a routing or fragment header follows them
  kUpToEsp,       // all that may stand in front of an inbound ESP header: destination options always
};

/// Moves header->header_size behind IPv6 extension headers, and notices fragments. Nothing to do for IPv4. 0; or -EINVAL:
/// a header leads out of the packet.
int32_t SkipExtensions(const uint8_t* bytes, Extensions which, IpHeader* header);

/// Writes the lengths, the protocol and the checksum that a header (with its extensions) has before `payload_size`
/// bytes of `next_header`. 0; or -EMSGSIZE: no header can say so, and nothing is written.
int32_t RewriteIpHeader(uint8_t* bytes, const IpHeader& header, size_t payload_size, uint8_t next_header);

/// The checksum of an IPv4 header of `size` bytes, a multiple of 4, whatever its checksum field holds.
uint16_t Ipv4Checksum(const uint8_t* bytes, size_t size);

/// Sets "congestion experienced" where the packet is ECN-capable (RFC 4301, 5.1.2, as the kernel does it). The checksum of an
/// IPv4 header follows; one that is wrong stays wrong. `version` is that of the packet at `bytes`.
void MarkCongestion(uint8_t* bytes, const IpHeader& header);

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_IP_HEADER_H_
