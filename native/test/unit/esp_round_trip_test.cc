// ESP there and back: random packets, both modes, both IP versions, both ciphers. SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>
#include <tuple>

#include "functions/esp.h"
#include "support/esp_pair.h"

namespace padata::functions {
namespace {

using test::Bytes;
using test::EspPair;
using test::Join;
using test::Number64;
using test::Outcome;

enum class Mode { kTransport, kTunnelV4, kTunnelV6 };

EspParameters ParametersOf(Mode mode) {
  if (mode == Mode::kTransport) return test::TransportMode();
  return test::TunnelMode(mode == Mode::kTunnelV4 ? test::TunnelV4() : test::TunnelV6());
}

// Mode, algorithm, authsize, extended sequence numbers.
using Association = std::tuple<Mode, const char*, size_t, bool>;

class EspRoundTrip : public testing::TestWithParam<Association> {
 protected:
  EspRoundTrip() {
    EspParameters parameters = ParametersOf(std::get<0>(GetParam()));
    parameters.extended_sequence = std::get<3>(GetParam());
    pair_ = std::make_unique<EspPair>(parameters, std::get<1>(GetParam()), std::get<2>(GetParam()));
    const uint64_t seed = std::random_device()();
    random_.seed(static_cast<uint32_t>(seed));
    RecordProperty("seed", std::to_string(seed));
    std::cout << "seed " << seed << '\n';
  }

  size_t Below(size_t end) { return random_() % end; }

  Bytes RandomPacket(size_t payload_size) {
    const Bytes payload = test::RandomBytes(random_, payload_size);
    const auto tos = static_cast<uint8_t>(random_());
    if (Below(2) == 0) return test::Ipv4Packet(payload, 4 * Below(11), 17, tos, Below(2) == 0 ? 0x4000 : 0);
    switch (Below(4)) {
      case 0:
        return test::Ipv6Packet(payload, 17, {}, tos);
      case 1:
        return test::Ipv6Packet(payload, 0, test::Extension(17, static_cast<uint8_t>(Below(4))), tos);
      case 2:
        return test::Ipv6Packet(payload, 60, Join({test::Extension(43), test::Extension(60, 2), test::Extension(6)}),
                                tos);
      default:
        return test::Ipv6Packet(payload, 44, Join({test::FragmentHeader(60), test::Extension(58)}), tos);
    }
  }

  std::unique_ptr<EspPair> pair_;
  std::mt19937 random_;
};

TEST_P(EspRoundTrip, RandomPacketsComeBackAsTheyWere) {
  for (int i = 0; i < 400; ++i) {
    const Bytes packet = RandomPacket(i < 100 ? static_cast<size_t>(i) : Below(3000));
    const uint64_t sequence = 1 + random_() % UINT32_MAX;
    const Outcome sealed = pair_->Out(Join({packet, Bytes(Below(5), 0xEE)}), sequence);  // as Ethernet pads
    ASSERT_EQ(sealed.status, 0) << i;
    const Outcome opened = pair_->In(Join({sealed.bytes, Bytes(Below(5), 0xEE)}), sequence - 1);
    ASSERT_EQ(opened.status, 0) << i;
    ASSERT_EQ(opened.bytes, Join({Number64(sequence), packet})) << i;
  }
}

TEST_P(EspRoundTrip, EverythingTruncatedIsRefused) {
  const Bytes packet = RandomPacket(60);
  for (size_t size = 0; size < packet.size(); ++size) {
    const Bytes cut(packet.begin(), packet.begin() + static_cast<long>(size));
    EXPECT_EQ(pair_->Out(cut).status, -EINVAL) << size;
  }
  const Bytes sealed = pair_->Out(packet).bytes;
  for (size_t size = 0; size < sealed.size(); ++size) {
    const Bytes cut(sealed.begin(), sealed.begin() + static_cast<long>(size));
    EXPECT_EQ(pair_->In(cut).status, -EINVAL) << size;
  }
  EXPECT_EQ(pair_->In(sealed).status, 0);
}

// The same, with a header that admits that it is short: the checks that follow have to find it.
TEST_P(EspRoundTrip, EverythingThatSaysItIsShortIsRefused) {
  const Bytes sealed = pair_->Out(RandomPacket(60)).bytes;
  const size_t first = sealed[0] >> 4 == 4 ? 20 : 40;
  for (size_t size = first; size < sealed.size(); ++size) {
    Bytes cut(sealed.begin(), sealed.begin() + static_cast<long>(size));
    StoreBig<uint16_t>(&cut[first == 20 ? 2 : 4], static_cast<uint16_t>(first == 20 ? size : size - 40));
    const int32_t status = pair_->In(cut).status;
    EXPECT_TRUE(status == -EINVAL || status == -EBADMSG || status == -EPROTONOSUPPORT) << size << ": " << status;
  }
}

TEST_P(EspRoundTrip, EveryFlippedBitBehindTheIpHeaderIsRefused) {
  const Bytes sealed = pair_->Out(test::Ipv4Packet(Bytes(30, 0x55))).bytes;
  const size_t header = sealed[0] >> 4 == 4 ? 20 : 40;
  for (size_t bit = header * 8; bit < sealed.size() * 8; ++bit) {
    Bytes changed = sealed;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    EXPECT_EQ(pair_->In(changed).status, bit < (header + 4) * 8 ? -ESRCH : -EBADMSG) << bit;
  }
}

TEST_P(EspRoundTrip, RandomNoiseNeverPasses) {
  for (int i = 0; i < 3000; ++i) {
    Bytes noise = test::RandomBytes(random_, Below(200));
    if (!noise.empty()) noise[0] = static_cast<uint8_t>((Below(2) == 0 ? 0x40 : 0x60) | (noise[0] & 0x0f));
    if (noise.size() > 9 && Below(2) == 0) noise[noise[0] >> 4 == 4 ? 9 : 6] = kProtocolEsp;
    EXPECT_LT(pair_->In(noise).status, 0);
    pair_->Out(noise);  // may be a packet; must only stay within its room
  }
}

INSTANTIATE_TEST_SUITE_P(All, EspRoundTrip,
                         testing::Combine(testing::Values(Mode::kTransport, Mode::kTunnelV4, Mode::kTunnelV6),
                                          testing::Values(test::kEspGcm), testing::Values(8, 12, 16), testing::Bool()));
INSTANTIATE_TEST_SUITE_P(ChaCha, EspRoundTrip,
                         testing::Combine(testing::Values(Mode::kTransport, Mode::kTunnelV4, Mode::kTunnelV6),
                                          testing::Values(test::kEspChaCha), testing::Values(16), testing::Bool()));

}  // namespace
}  // namespace padata::functions
