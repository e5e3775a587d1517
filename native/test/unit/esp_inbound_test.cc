// What inbound ESP accepts, refuses and restores, clause by clause. SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "functions/esp.h"
#include "support/aead_vectors.h"
#include "support/esp_pair.h"

namespace padata::functions {
namespace {

using test::Bytes;
using test::Call;
using test::EspPair;
using test::ForgeEsp;
using test::FromHex;
using test::Join;
using test::Number64;
using test::Outcome;

constexpr uint8_t kIpv4 = 4;

TEST(EspInbound, AcceptsAForgedPacketThatIsRight) {
  const Bytes inner = test::Ipv4Packet(Bytes(10, 0x99));
  const EspPair tunnel(test::TunnelMode(test::TunnelV4()));
  EXPECT_EQ(tunnel.In(ForgeEsp(Join({inner, {0, kIpv4}}))).bytes, Join({Number64(7), inner}));
}

TEST(EspInbound, TakesLongPaddingOff) {  // RFC 4303, 2.4: up to 255 bytes
  const Bytes inner = test::Ipv4Packet(Bytes(11, 0x99));
  Bytes plaintext = inner;
  for (int i = 1; i <= 255; ++i) plaintext.push_back(static_cast<uint8_t>(i));
  plaintext.insert(plaintext.end(), {255, kIpv4});
  const EspPair tunnel(test::TunnelMode(test::TunnelV4()));
  EXPECT_EQ(tunnel.In(ForgeEsp(plaintext)).bytes, Join({Number64(7), inner}));
}

TEST(EspInbound, GenuineGarbageIsInvalid) {
  const EspPair tunnel(test::TunnelMode(test::TunnelV4()));
  const EspPair transport(test::TransportMode());
  const Bytes inner = test::Ipv4Packet(Bytes(8));
  EXPECT_EQ(transport.In(ForgeEsp(Bytes{0, 0, 3, 17})).status, -EINVAL);    // more padding than there is
  EXPECT_EQ(transport.In(ForgeEsp(Bytes{0, 0, 255, 17})).status, -EINVAL);  // much more
  // ... where the bytes in front happen to go on like padding: the iv ends with the sequence number, 1
  EXPECT_EQ(transport.In(ForgeEsp(Bytes{2, 3, 3, 17}, 1)).status, -EINVAL);
  EXPECT_EQ(transport.In(ForgeEsp(Bytes{1, 3, 2, 17})).status, -EINVAL);         // padding is not 1, 2, 3
  EXPECT_EQ(transport.In(ForgeEsp(Bytes{1, 2, 2, 17})).status, 0);               // nothing but padding
  EXPECT_EQ(tunnel.In(ForgeEsp(Join({inner, {1, 2, 2, 41}}))).status, -EINVAL);  // IPv4 that says IPv6
  EXPECT_EQ(tunnel.In(ForgeEsp(Join({inner, {1, 2, 2, 17}}))).status, -EINVAL);  // UDP in tunnel mode
  EXPECT_EQ(tunnel.In(ForgeEsp(Bytes{1, 2, 2, kIpv4})).status, -EINVAL);         // no packet inside
  Bytes longer = inner;
  longer[3] = static_cast<uint8_t>(inner.size() + 1);
  EXPECT_EQ(tunnel.In(ForgeEsp(Join({longer, {1, 2, 2, kIpv4}}))).status, -EINVAL);  // longer than what came
  EXPECT_EQ(transport.In(ForgeEsp(Bytes{0, 0, 0, 17, 0, 17})).status, -EINVAL);      // not aligned
}

TEST(EspInbound, TakesTrafficFlowPaddingOff) {  // RFC 4303, 2.7
  const Bytes inner = test::Ipv4Packet(Bytes(8, 0x11));
  const EspPair tunnel(test::TunnelMode(test::TunnelV4()));
  EXPECT_EQ(tunnel.In(ForgeEsp(Join({inner, Bytes(1000, 0xAA), {1, 2, 2, kIpv4}}))).bytes, Join({Number64(7), inner}));
}

TEST(EspInbound, DummyPacketsAreToldApart) {  // RFC 4303, 2.6
  const Bytes dummy = ForgeEsp(Join({Bytes(32, 0x31), {1, 2, 2, kProtocolNone}}));
  EXPECT_EQ(EspPair(test::TunnelMode(test::TunnelV4())).In(dummy).status, -ENOMSG);
  EXPECT_EQ(EspPair(test::TransportMode()).In(dummy).status, -ENOMSG);
}

TEST(EspInbound, FragmentsHaveToBeReassembledFirst) {  // RFC 4303, 3.4.1
  const EspPair pair(test::TransportMode());
  Bytes sealed = pair.Out(test::Ipv4Packet(Bytes(40))).bytes;
  for (uint16_t fragmentation : {0x2000, 0x0001, 0x3FFF}) {
    StoreBig<uint16_t>(&sealed[6], fragmentation);
    EXPECT_EQ(pair.In(sealed).status, -EOPNOTSUPP);
  }
  EXPECT_EQ(pair.In(test::Ipv6Packet(Bytes(60), 44, test::FragmentHeader(50, 8))).status, -EOPNOTSUPP);
}

TEST(EspInbound, WhatIsNotEspIsNotSupported) {
  const EspPair pair(test::TransportMode());
  EXPECT_EQ(pair.In(test::Ipv4Packet(Bytes(60))).status, -EPROTONOSUPPORT);
  EXPECT_EQ(pair.In(test::Ipv6Packet(Bytes(60))).status, -EPROTONOSUPPORT);
  EXPECT_EQ(pair.In(test::Ipv6Packet(Bytes(60), 60, test::Extension(17))).status, -EPROTONOSUPPORT);
}

TEST(EspInbound, FindsEspBehindDestinationOptions) {  // RFC 4303, 3.1.1: they may stand before ESP, after it, or both
  const EspPair pair(test::TransportMode());
  const Bytes four = ForgeEsp(Join({Bytes(8, 0x44), {1, 2, 2, 17}}));
  const Bytes esp(four.begin() + 20, four.end());
  const Outcome opened = pair.In(test::Ipv6Packet(esp, 60, test::Extension(50, 1)));
  EXPECT_EQ(opened.bytes, Join({Number64(7), test::Ipv6Packet(Bytes(8, 0x44), 60, test::Extension(17, 1))}));
}

// What comes out of a tunnel whose outer header has that TOS byte.
Bytes Through(const Bytes& inner, uint8_t next_header, uint8_t outer_tos) {
  const EspPair tunnel(test::TunnelMode(test::TunnelV4()));
  Bytes plaintext = inner;
  for (uint8_t i = 1; (plaintext.size() + 2) % 4 != 0; ++i) plaintext.push_back(i);
  const auto padding = static_cast<uint8_t>(plaintext.size() - inner.size());
  plaintext.insert(plaintext.end(), {padding, next_header});
  const Outcome opened = tunnel.In(ForgeEsp(plaintext, 7, outer_tos));
  EXPECT_EQ(opened.status, 0);
  return Bytes(opened.bytes.begin() + 8, opened.bytes.end());
}

TEST(EspInbound, CongestionOutsideIsToldInside) {  // RFC 4301, 5.1.2
  const auto four = [](uint8_t tos) { return test::Ipv4Packet(Bytes(8), 4, 17, tos); };
  const auto six = [](uint8_t tos) { return test::Ipv6Packet(Bytes(8), 17, {}, tos); };
  for (uint8_t ecn : {1, 2, 3}) {
    EXPECT_EQ(Through(four(0xB8 | ecn), 4, 0x03), four(0xB8 | 3));
    EXPECT_EQ(Through(six(0xB8 | ecn), 41, 0xFF), six(0xB8 | 3));
    EXPECT_EQ(Through(four(0xB8 | ecn), 4, 0x02), four(0xB8 | ecn));  // not marked on the way
  }
  EXPECT_EQ(Through(four(0xB8), 4, 0x03), four(0xB8));  // not ECN-capable: left alone
  EXPECT_EQ(Through(six(0xB8), 41, 0x03), six(0xB8));
}

// RFC 1624: the checksum is updated, not made anew. So one that is right stays right, whatever it is, and one that is wrong, wrong.
TEST(EspInbound, CongestionLeavesAWrongChecksumWrong) {
  for (uint32_t number = 0; number < 0x10000; number += 0x101) {
    for (uint8_t ecn : {1, 2, 3}) {
      Bytes packet = test::Ipv4Packet(Bytes(8), 0, 17, ecn);
      StoreBig<uint16_t>(&packet[4], static_cast<uint16_t>(number));
      const uint16_t right = Ipv4Checksum(packet.data(), 20);
      Bytes expected = packet;
      expected[1] = 3;
      const uint16_t right_when_marked = Ipv4Checksum(expected.data(), 20);
      StoreBig<uint16_t>(&packet[10], right);
      StoreBig<uint16_t>(&expected[10], right_when_marked);
      EXPECT_EQ(Through(packet, 4, 0x03), expected);
      packet[10] ^= 0x55;
      const Bytes wrong = Through(packet, 4, 0x03);
      EXPECT_NE(LoadBig<uint16_t>(&wrong[10]), right_when_marked);
      EXPECT_EQ(wrong == packet, ecn == 3) << "what is marked already is not touched";
    }
  }
}

TEST(EspInbound, LeavesNoPlaintextWhenTheCheckFails) {
  const Bytes secret(64, 0x5C);
  const EspPair pair(test::TransportMode());
  Bytes sealed = pair.Out(test::Ipv4Packet(secret)).bytes;
  sealed.back() ^= 1;
  const Outcome opened = pair.In(sealed);
  EXPECT_EQ(opened.status, -EBADMSG);
  EXPECT_EQ(std::search(opened.memory.begin(), opened.memory.end(), secret.begin(), secret.begin() + 4),
            opened.memory.end());
}

TEST(EspInbound, InputWithoutTheTopIsInvalid) {
  const EspPair pair(test::TransportMode());
  EXPECT_EQ(Call(pair.inbound.get(), {}).status, -EINVAL);
  EXPECT_EQ(Call(pair.inbound.get(), {Bytes(9), pair.Out(test::Ipv4Packet(Bytes(8))).bytes}).status, -EINVAL);
}

// The published packets of draft-mcgrew-gcm-test-01 and of RFC 7634, appendix A. (Those of the draft hold an IP packet, but
// have the next header 1, so they are opened in transport mode.)
TEST(EspInbound, OpensPublishedPackets) {
  int packets = 0;
  for (const test::AeadVector& vector : test::kAeadVectors) {
    if (std::string(vector.iv).size() != 2 * kEspIvSize || std::string(vector.source).starts_with("RFC 8439")) continue;
    const Bytes aad = FromHex(vector.aad);
    const Bytes plaintext = FromHex(vector.plaintext);
    const Bytes inside(plaintext.begin(), plaintext.end() - 2 - plaintext[plaintext.size() - 2]);
    EspParameters parameters = test::TransportMode();
    parameters.spi = LoadBig<uint32_t>(aad.data());
    parameters.extended_sequence = aad.size() == 12;
    const uint64_t sequence = parameters.extended_sequence ? LoadBig<uint64_t>(&aad[4]) : LoadBig<uint32_t>(&aad[4]);
    const test::FunctionReference inbound(
        NewEspInbound(parameters, test::EspCipher(Direction::kDecrypt, vector.algorithm, FromHex(vector.key))));

    Bytes esp(8);
    StoreBig<uint32_t>(&esp[0], parameters.spi);
    StoreBig<uint32_t>(&esp[4], static_cast<uint32_t>(sequence));
    const Bytes packet = test::Ipv4Packet(Join({esp, FromHex(vector.iv), FromHex(vector.output)}), 0, kProtocolEsp);
    const Outcome opened = Call(inbound.get(), {Number64(sequence - 1), packet});
    EXPECT_EQ(opened.status, 0) << vector.source;
    EXPECT_EQ(opened.bytes, Join({Number64(sequence), test::Ipv4Packet(inside, 0, plaintext.back())})) << vector.source;
    ++packets;
  }
  EXPECT_EQ(packets, 15);
}

}  // namespace
}  // namespace padata::functions
