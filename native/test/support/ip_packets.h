// IP packets for the tests of ESP. SPDX-License-Identifier: MIT
#ifndef PADATA_TEST_SUPPORT_IP_PACKETS_H_
#define PADATA_TEST_SUPPORT_IP_PACKETS_H_

#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "functions/ip_header.h"
#include "functions/network_order.h"
#include "support/function_call.h"

namespace padata::test {

inline Bytes RandomBytes(std::mt19937& random, size_t size) {
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

inline Bytes Number64(uint64_t number) {
  Bytes bytes(8);
  functions::StoreBig<uint64_t>(bytes.data(), number);
  return bytes;
}

// A UDP-like IPv4 packet with that many bytes of options (a multiple of 4) and behind them that payload.
inline Bytes Ipv4Packet(const Bytes& payload, size_t options = 0, uint8_t protocol = 17, uint8_t tos = 0,
                        uint16_t fragmentation = 0x4000) {
  const size_t header = 20 + options;
  Bytes packet(header, 1);  // option 1: no operation
  packet[0] = static_cast<uint8_t>(0x40 | header / 4);
  packet[1] = tos;
  functions::StoreBig<uint16_t>(&packet[2], static_cast<uint16_t>(header + payload.size()));
  functions::StoreBig<uint16_t>(&packet[4], 0x1234);
  functions::StoreBig<uint16_t>(&packet[6], fragmentation);
  packet[8] = 61;
  packet[9] = protocol;
  functions::StoreBig<uint32_t>(&packet[12], 0xC0000201);
  functions::StoreBig<uint32_t>(&packet[16], 0xC6336402);
  functions::StoreBig<uint16_t>(&packet[10], functions::Ipv4Checksum(packet.data(), header));
  return Join({packet, payload});
}

// An IPv6 packet; `extensions` lie between header and payload, `next` is the type of the first of them.
inline Bytes Ipv6Packet(const Bytes& payload, uint8_t next = 17, const Bytes& extensions = {},
                        uint8_t traffic_class = 0, uint32_t flow_label = 0x12345) {
  Bytes packet(40);
  functions::StoreBig<uint32_t>(&packet[0], 6U << 28 | uint32_t{traffic_class} << 20 | flow_label);
  functions::StoreBig<uint16_t>(&packet[4], static_cast<uint16_t>(extensions.size() + payload.size()));
  packet[6] = next;
  packet[7] = 62;
  for (size_t i = 8; i < 40; ++i) packet[i] = static_cast<uint8_t>(i);
  return Join({packet, extensions, payload});
}

// An extension header of 8 * (1 + more) bytes.
inline Bytes Extension(uint8_t next, uint8_t more = 0) {
  Bytes header(8 * (size_t{more} + 1), 0x77);
  header[0] = next;
  header[1] = more;
  return header;
}

inline Bytes FragmentHeader(uint8_t next, uint16_t offset_and_more = 0) {
  Bytes header = {next, 0, 0, 0, 0xAA, 0xBB, 0xCC, 0xDD};
  functions::StoreBig<uint16_t>(&header[2], offset_and_more);
  return header;
}

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_IP_PACKETS_H_
