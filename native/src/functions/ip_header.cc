#include "functions/ip_header.h"

#include <cerrno>

#include "functions/network_order.h"

namespace padata::functions {
namespace {

constexpr uint8_t kHopByHop = 0;
constexpr uint8_t kRouting = 43;
constexpr uint8_t kFragment = 44;
constexpr uint8_t kDestinationOptions = 60;

constexpr size_t kMaxLength = 65535;
constexpr size_t kChecksumAt = 10;
constexpr uint8_t kEcnMask = 3;

int32_t ParseIpv4(const uint8_t* bytes, size_t size, uint8_t first, IpHeader* header) {
  if (size < kIpv4HeaderSize) return -EINVAL;
  const auto fragmentation = LoadBig<uint16_t>(bytes + 6);
  header->version = 4;
  header->header_size = size_t{4} * (first & 0x0f);
  header->total_size = LoadBig<uint16_t>(bytes + 2);
  header->traffic_class = bytes[1];
  header->dont_fragment = (fragmentation & 0x4000) != 0;
  header->fragment = (fragmentation & 0x3fff) != 0;  // more to come, or an offset
  header->next_header_at = 9;
  header->next_header = bytes[9];
  header->flow_label = 0;
  const bool whole = header->header_size >= kIpv4HeaderSize && header->total_size >= header->header_size;
  return whole && header->total_size <= size ? 0 : -EINVAL;
}

int32_t ParseIpv6(const uint8_t* bytes, size_t size, uint8_t first, IpHeader* header) {
  if (size < kIpv6HeaderSize) return -EINVAL;
  const uint32_t rest = LoadBig<uint32_t>(bytes) & 0x00ffffff;  // the first byte is not looked at again
  header->version = 6;
  header->header_size = kIpv6HeaderSize;
  header->total_size = kIpv6HeaderSize + LoadBig<uint16_t>(bytes + 4);
  header->traffic_class = static_cast<uint8_t>((first & 0x0f) << 4 | rest >> 20);
  header->flow_label = rest & 0x000fffff;
  header->dont_fragment = true;  // routers never fragment IPv6
  header->fragment = false;
  header->next_header_at = 6;
  header->next_header = bytes[6];
  return header->total_size <= size ? 0 : -EINVAL;
}

bool IsExtension(uint8_t protocol) {
  return protocol == kHopByHop || protocol == kRouting || protocol == kFragment || protocol == kDestinationOptions;
}

// RFC 1624, equation 3, for a 16-bit word of the header of which the lower byte was changed. A checksum that was wrong is as
// wrong as before, so that whoever checks it still finds out.
void UpdateIpv4Checksum(uint8_t* bytes, uint8_t before, uint8_t after) {
  uint32_t sum = static_cast<uint16_t>(~LoadBig<uint16_t>(bytes + kChecksumAt));
  sum += static_cast<uint16_t>(~uint16_t{before}) + uint32_t{after};
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  StoreBig<uint16_t>(bytes + kChecksumAt, static_cast<uint16_t>(~sum));
}

void RewriteIpv4(uint8_t* bytes, const IpHeader& header, size_t total_size, uint8_t next_header) {
  StoreBig<uint16_t>(bytes + 2, static_cast<uint16_t>(total_size));
  bytes[header.next_header_at] = next_header;
  StoreBig<uint16_t>(bytes + kChecksumAt, Ipv4Checksum(bytes, header.header_size));
}

}  // namespace

int32_t ParseIpHeader(const uint8_t* bytes, size_t size, IpHeader* header) {
  if (size == 0) return -EINVAL;
  const uint8_t first = bytes[0];
  if (first >> 4 == 4) return ParseIpv4(bytes, size, first, header);
  return first >> 4 == 6 ? ParseIpv6(bytes, size, first, header) : -EINVAL;
}

int32_t SkipExtensions(const uint8_t* bytes, Extensions which, IpHeader* header) {
  if (header->version != 6) return 0;
  // The walk may look further than to where it ends up: destination options stay in front only if more follows.
  IpHeader seen = *header;
  while (IsExtension(seen.next_header)) {
    const uint8_t extension = seen.next_header;
    if (seen.total_size - seen.header_size < 8) return -EINVAL;
    const uint8_t* at = bytes + seen.header_size;
    const size_t size = extension == kFragment ? 8 : (size_t{at[1]} + 1) * 8;
    if (seen.total_size - seen.header_size < size) return -EINVAL;
    if (extension == kFragment && (LoadBig<uint16_t>(at + 2) & 0xfff9) != 0) seen.fragment = true;
    seen.next_header = at[0];
    seen.next_header_at = seen.header_size;
    seen.header_size += size;
    if (extension != kDestinationOptions || which == Extensions::kUpToEsp) *header = seen;
    if (seen.fragment) break;  // what lies behind is only part of something
  }
  return 0;
}

int32_t RewriteIpHeader(uint8_t* bytes, const IpHeader& header, size_t payload_size, uint8_t next_header) {
  const size_t total_size = header.header_size + payload_size;
  const size_t length = header.version == 4 ? total_size : total_size - kIpv6HeaderSize;
  if (length > kMaxLength) return -EMSGSIZE;
  if (header.version == 4) {
    RewriteIpv4(bytes, header, total_size, next_header);
  } else {
    StoreBig<uint16_t>(bytes + 4, static_cast<uint16_t>(length));
    bytes[header.next_header_at] = next_header;
  }
  return 0;
}

uint16_t Ipv4Checksum(const uint8_t* bytes, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i < size; i += 2) {
    if (i != kChecksumAt) sum += LoadBig<uint16_t>(bytes + i);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void MarkCongestion(uint8_t* bytes, const IpHeader& header) {
  const uint8_t ecn = header.traffic_class & kEcnMask;
  if (ecn == 0 || ecn == kEcnMask) return;  // not ECN-capable, or marked already
  if (header.version == 4) {
    const uint8_t marked = header.traffic_class | kEcnMask;
    bytes[1] = marked;
    UpdateIpv4Checksum(bytes, header.traffic_class, marked);
  } else {
    bytes[1] |= kEcnMask << 4;
  }
}

}  // namespace padata::functions
