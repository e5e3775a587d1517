// What outbound ESP puts on the wire, clause by clause. SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>

#include "functions/esp.h"
#include "support/esp_pair.h"

namespace padata::functions {
namespace {

using test::Bytes;
using test::Call;
using test::EspPair;
using test::Join;
using test::Outcome;

IpHeader Parsed(const Bytes& packet) {
  IpHeader header{};
  EXPECT_EQ(ParseIpHeader(packet.data(), packet.size(), &header), 0);
  return header;
}

uint16_t ChecksumField(const Bytes& packet) { return LoadBig<uint16_t>(&packet[10]); }

TEST(EspOutbound, TunnelHeaderV4) {  // RFC 4301, 5.1.2.1
  const EspPair pair(test::TunnelMode(test::TunnelV4()));
  const Bytes packet = test::Ipv4Packet(Bytes(101), 0, 17, 0xB9);
  const Bytes sealed = pair.Out(packet, 0x11223344).bytes;
  EXPECT_EQ(sealed[0], 0x45);
  EXPECT_EQ(sealed[1], 0xB9);  // DSCP and ECN copied
  EXPECT_EQ(LoadBig<uint16_t>(&sealed[2]), sealed.size());
  EXPECT_EQ(LoadBig<uint16_t>(&sealed[6]), 0x4000);  // DF copied
  EXPECT_EQ(sealed[8], 64);
  EXPECT_EQ(sealed[9], kProtocolEsp);
  EXPECT_EQ(ChecksumField(sealed), Ipv4Checksum(sealed.data(), 20));
  EXPECT_EQ(LoadBig<uint32_t>(&sealed[12]), 0x0A000001U);
  EXPECT_EQ(LoadBig<uint32_t>(&sealed[16]), 0x0A000002U);
  // RFC 4303, 2: SPI, sequence number; RFC 4106, 3.1: the iv
  EXPECT_EQ(LoadBig<uint32_t>(&sealed[20]), test::kSpi);
  EXPECT_EQ(LoadBig<uint32_t>(&sealed[24]), 0x11223344U);
  EXPECT_EQ(LoadBig<uint64_t>(&sealed[28]), 0x11223344U);
  // 121 bytes and a trailer of 2, padded to a multiple of 4; the ICV behind it
  EXPECT_EQ(sealed.size(), 20U + 16U + 124U + 16U);
}

TEST(EspOutbound, TunnelHeaderV6) {  // RFC 4301, 5.1.2.2
  const EspPair pair(test::TunnelMode(test::TunnelV6()));
  const Bytes sealed = pair.Out(test::Ipv6Packet(Bytes(50), 17, {}, 0x2E, 0xABCDE)).bytes;
  EXPECT_EQ(LoadBig<uint32_t>(sealed.data()), 0x6U << 28 | 0x2EU << 20 | 0xABCDEU);
  EXPECT_EQ(LoadBig<uint16_t>(&sealed[4]), sealed.size() - 40);
  EXPECT_EQ(sealed[6], kProtocolEsp);
  EXPECT_EQ(sealed[7], 63);
  const EspTunnel tunnel = test::TunnelV6();
  EXPECT_EQ(Bytes(sealed.begin() + 8, sealed.begin() + 24), Bytes(tunnel.source.begin(), tunnel.source.end()));
  EXPECT_EQ(Bytes(sealed.begin() + 24, sealed.begin() + 40),
            Bytes(tunnel.destination.begin(), tunnel.destination.end()));
}

TEST(EspOutbound, TunnelTakesTheOtherVersionInside) {
  const Bytes six = test::Ipv6Packet(Bytes(9));
  const Bytes four = test::Ipv4Packet(Bytes(9));
  const EspPair v4(test::TunnelMode(test::TunnelV4()));
  const EspPair v6(test::TunnelMode(test::TunnelV6()));
  EXPECT_EQ(v4.In(v4.Out(six, 5).bytes).bytes, Join({test::Number64(5), six}));
  EXPECT_EQ(v6.In(v6.Out(four, 5).bytes).bytes, Join({test::Number64(5), four}));
  EXPECT_EQ(LoadBig<uint32_t>(v6.Out(four).bytes.data()) & 0xFFFFF, 0U);  // no flow label to copy
}

TEST(EspOutbound, DontFragmentIsCopiedSetOrCleared) {  // RFC 4301, 8.1
  const Bytes set = test::Ipv4Packet(Bytes(9), 0, 17, 0, 0x4000);
  const Bytes clear = test::Ipv4Packet(Bytes(9), 0, 17, 0, 0);
  EspTunnel tunnel = test::TunnelV4();
  const auto bit = [&](DontFragment mode, const Bytes& packet) {
    tunnel.dont_fragment = mode;
    return Parsed(EspPair(test::TunnelMode(tunnel)).Out(packet).bytes).dont_fragment;
  };
  EXPECT_TRUE(bit(DontFragment::kCopy, set));
  EXPECT_FALSE(bit(DontFragment::kCopy, clear));
  EXPECT_TRUE(bit(DontFragment::kCopy, test::Ipv6Packet(Bytes(9))));
  EXPECT_TRUE(bit(DontFragment::kSet, clear));
  EXPECT_FALSE(bit(DontFragment::kClear, set));
}

TEST(EspOutbound, DscpCanBeFixedAndEcnIsCopiedAllTheSame) {
  EspTunnel tunnel = test::TunnelV4();
  tunnel.dscp = 46;
  EXPECT_EQ(EspPair(test::TunnelMode(tunnel)).Out(test::Ipv4Packet(Bytes(9), 0, 17, 0x03)).bytes[1], 46 << 2 | 3);
}

TEST(EspOutbound, TransportKeepsTheHeaderAndItsOptions) {  // RFC 4303, 3.1.1
  const EspPair pair(test::TransportMode());
  const Bytes packet = test::Ipv4Packet(Bytes(31), 12, 6, 0x10);
  const Bytes sealed = pair.Out(packet).bytes;
  const IpHeader header = Parsed(sealed);
  EXPECT_EQ(header.header_size, 32U);
  EXPECT_EQ(header.next_header, kProtocolEsp);
  EXPECT_EQ(header.total_size, sealed.size());
  EXPECT_EQ(ChecksumField(sealed), Ipv4Checksum(sealed.data(), 32));
  EXPECT_EQ(Bytes(sealed.begin() + 12, sealed.begin() + 32), Bytes(packet.begin() + 12, packet.begin() + 32));
  EXPECT_EQ(LoadBig<uint32_t>(&sealed[32]), test::kSpi);
}

// Where the ESP header stands, found by its SPI; the byte before its chain says 50.
size_t EspOffset(const Bytes& sealed) {
  for (size_t i = 0; i + 4 <= sealed.size(); ++i) {
    if (LoadBig<uint32_t>(&sealed[i]) == test::kSpi) return i;
  }
  return 0;
}

TEST(EspOutbound, TransportV6GoesBehindWhatRoutersRead) {  // RFC 4303, 3.1.1
  using test::Extension;
  const EspPair pair(test::TransportMode());
  const Bytes data(24, 0x33);
  // No extensions.
  EXPECT_EQ(EspOffset(pair.Out(test::Ipv6Packet(data)).bytes), 40U);
  // Hop-by-hop options and a routing header stay in front.
  const Bytes routed = pair.Out(test::Ipv6Packet(data, 0, Join({Extension(43, 1), Extension(17)}))).bytes;
  EXPECT_EQ(EspOffset(routed), 40U + 16U + 8U);
  EXPECT_EQ(routed[56], kProtocolEsp);
  EXPECT_EQ(LoadBig<uint16_t>(&routed[4]), routed.size() - 40);
  // An atomic fragment too.
  EXPECT_EQ(EspOffset(pair.Out(test::Ipv6Packet(data, 44, test::FragmentHeader(17))).bytes), 48U);
  // Destination options for the final destination go inside...
  EXPECT_EQ(EspOffset(pair.Out(test::Ipv6Packet(data, 60, Extension(17))).bytes), 40U);
  // ...those before a routing header are for others, too.
  const Bytes both = Join({Extension(43), Extension(60), Extension(17)});
  EXPECT_EQ(EspOffset(pair.Out(test::Ipv6Packet(data, 60, both)).bytes), 56U);
}

TEST(EspOutbound, FragmentsCannotBeSentInTransportMode) {  // RFC 4303, 3.3.4
  const EspPair transport(test::TransportMode());
  const Bytes more = test::Ipv4Packet(Bytes(16), 0, 17, 0, 0x2000);
  const Bytes last = test::Ipv4Packet(Bytes(16), 0, 17, 0, 0x0003);
  const Bytes six = test::Ipv6Packet(Bytes(16), 44, test::FragmentHeader(17, 1));
  for (const Bytes& fragment : {more, last, six}) {
    EXPECT_EQ(transport.Out(fragment).status, -EOPNOTSUPP);
    EXPECT_EQ(EspPair(test::TunnelMode(test::TunnelV4())).Out(fragment).status, 0);
  }
}

TEST(EspOutbound, PaddingIsOneTwoThree) {  // RFC 4303, 2.4
  const auto cipher = test::EspCipher(Direction::kDecrypt);
  for (size_t size = 0; size < 8; ++size) {
    Bytes sealed = EspPair(test::TransportMode()).Out(test::Ipv4Packet(Bytes(size, 0xAB)), 3).bytes;
    const size_t encrypted = sealed.size() - 20 - 16 - 16;
    ASSERT_EQ(cipher->Decrypt(0, &sealed[28], EspAad(test::kSpi, 3, false).get(), &sealed[36], encrypted), 0);
    const size_t padding = (6 - size % 4) % 4;
    Bytes expected(size, 0xAB);
    for (size_t i = 1; i <= padding; ++i) expected.push_back(static_cast<uint8_t>(i));
    expected.push_back(static_cast<uint8_t>(padding));
    expected.push_back(17);
    EXPECT_EQ(Bytes(sealed.begin() + 36, sealed.begin() + 36 + static_cast<long>(encrypted)), expected) << size;
  }
}

TEST(EspOutbound, SequenceNumbersEndWhereTheyMust) {  // RFC 4303, 3.3.3
  const Bytes packet = test::Ipv4Packet(Bytes(5));
  const EspPair plain(test::TransportMode());
  EXPECT_EQ(plain.Out(packet, 0).status, -EINVAL);
  EXPECT_EQ(plain.Out(packet, UINT32_MAX).status, 0);
  EXPECT_EQ(plain.Out(packet, uint64_t{UINT32_MAX} + 1).status, -EOVERFLOW);
  EspParameters parameters = test::TransportMode();
  parameters.extended_sequence = true;
  const Bytes sealed = EspPair(parameters).Out(packet, UINT64_MAX).bytes;
  EXPECT_EQ(LoadBig<uint32_t>(&sealed[24]), UINT32_MAX);
  EXPECT_EQ(LoadBig<uint64_t>(&sealed[28]), UINT64_MAX);
}

TEST(EspOutbound, ExtendedHalfIsAuthenticated) {  // RFC 4303, 2.2.1
  EspParameters parameters = test::TransportMode();
  parameters.extended_sequence = true;
  const EspPair pair(parameters);
  const Bytes sealed = pair.Out(test::Ipv4Packet(Bytes(5)), (uint64_t{7} << 32) + 100).bytes;
  EXPECT_EQ(pair.In(sealed, (uint64_t{7} << 32) + 99).status, 0);
  EXPECT_EQ(pair.In(sealed, (uint64_t{6} << 32) + 99).status, -EBADMSG);
  EXPECT_EQ(pair.In(sealed, 0).status, -EBADMSG);
}

TEST(EspOutbound, WhatNoIpHeaderCanSayIsTooLong) {
  // The largest payloads whose ESP packet has a length that fits: header + 16 + 4n + 16.
  const EspPair four(test::TransportMode());
  EXPECT_EQ(four.Out(test::Ipv4Packet(Bytes(65535 - 20 - 32 - 3 - 2))).bytes.size(), 65532U);
  EXPECT_EQ(four.Out(test::Ipv4Packet(Bytes(65535 - 20 - 32 - 2 - 2))).status, -EMSGSIZE);
  EXPECT_EQ(four.Out(test::Ipv6Packet(Bytes(65535 - 32 - 3 - 2))).bytes.size(), 40U + 65532U);
  EXPECT_EQ(four.Out(test::Ipv6Packet(Bytes(65535 - 32 - 2 - 2))).status, -EMSGSIZE);
  const EspPair tunnel(test::TunnelMode(test::TunnelV4()));
  EXPECT_EQ(tunnel.Out(test::Ipv4Packet(Bytes(65535 - 20 - 20 - 32 - 3 - 2))).bytes.size(), 65532U);
  EXPECT_EQ(tunnel.Out(test::Ipv4Packet(Bytes(65535 - 20 - 20 - 32 - 2 - 2))).status, -EMSGSIZE);
  EXPECT_EQ(tunnel.Out(test::Ipv6Packet(Bytes(65535))).status, -EMSGSIZE);
}

TEST(EspOutbound, WhatIsNoPacketIsInvalid) {
  const EspPair pair(test::TransportMode());
  const Bytes packet = test::Ipv4Packet(Bytes(20));
  EXPECT_EQ(Call(pair.outbound.get(), {}).status, -EINVAL);
  EXPECT_EQ(Call(pair.outbound.get(), {Bytes(7), packet}).status, -EINVAL);
  for (uint8_t first : {0x00, 0x35, 0x44, 0x55, 0x4F}) {  // versions 0, 3, 5; a header of 16 bytes; one of 60
    Bytes changed = packet;
    changed[0] = first;
    EXPECT_EQ(pair.Out(changed).status, -EINVAL) << int{first};
  }
  Bytes endless = test::Ipv6Packet(Bytes(3), 0, test::Extension(17, 200));
  StoreBig<uint16_t>(&endless[4], 8 + 3);  // shorter than the extension says
  EXPECT_EQ(pair.Out(endless).status, -EINVAL);
  EXPECT_EQ(pair.Out(test::Ipv6Packet(Bytes(7), 0)).status, -EINVAL);  // an extension of 7 bytes
}

}  // namespace
}  // namespace padata::functions
