// The two ends of a security association for the tests of ESP. SPDX-License-Identifier: MIT
#ifndef PADATA_TEST_SUPPORT_ESP_PAIR_H_
#define PADATA_TEST_SUPPORT_ESP_PAIR_H_

#include <memory>
#include <stdexcept>
#include <string>

#include "functions/esp.h"
#include "support/function_call.h"
#include "support/ip_packets.h"

namespace padata::test {

inline constexpr char kEspGcm[] = "rfc4106(gcm(aes))";
inline constexpr char kEspChaCha[] = "rfc7539esp(chacha20,poly1305)";
inline constexpr uint32_t kSpi = 0x1000ABCD;

inline functions::EspTunnel TunnelV4() {
  return {4, {10, 0, 0, 1}, {10, 0, 0, 2}, 64, functions::DontFragment::kCopy, std::nullopt};
}

inline functions::EspTunnel TunnelV6() {
  functions::EspTunnel tunnel = {6, {0x20, 1}, {0x20, 2}, 63, functions::DontFragment::kCopy, std::nullopt};
  tunnel.source[15] = 1;
  tunnel.destination[15] = 2;
  return tunnel;
}

inline functions::EspParameters TransportMode() { return {kSpi, std::nullopt, false, 64}; }

inline functions::EspParameters TunnelMode(const functions::EspTunnel& tunnel) {
  functions::EspParameters parameters = TransportMode();
  parameters.tunnel = tunnel;
  return parameters;
}

inline std::unique_ptr<functions::AeadCipher> EspCipher(functions::Direction direction,
                                                        const std::string& algorithm = kEspGcm,
                                                        const Bytes& key = Bytes(36, 0x42), size_t auth_size = 16) {
  functions::AeadError error;
  auto cipher = functions::AeadCipher::New(direction, algorithm, key.data(), key.size(), auth_size, &error);
  if (cipher == nullptr) throw std::runtime_error(error.message);
  return cipher;
}

struct EspPair {
  explicit EspPair(const functions::EspParameters& parameters, const std::string& algorithm = kEspGcm,
                   size_t auth_size = 16)
      : outbound(functions::NewEspOutbound(
            parameters, EspCipher(functions::Direction::kEncrypt, algorithm, Bytes(36, 0x42), auth_size))),
        inbound(functions::NewEspInbound(
            parameters, EspCipher(functions::Direction::kDecrypt, algorithm, Bytes(36, 0x42), auth_size))) {}

  Outcome Out(const Bytes& packet, uint64_t sequence = 1) const {
    return Call(outbound.get(), {Number64(sequence), packet});
  }
  Outcome In(const Bytes& packet, uint64_t top = 0) const { return Call(inbound.get(), {Number64(top), packet}); }

  FunctionReference outbound;
  FunctionReference inbound;
};

// An IPv4 packet whose ESP was made by hand: genuine, whatever is inside. The plaintext has its trailer already.
inline Bytes ForgeEsp(const Bytes& plaintext, uint32_t sequence = 7, uint8_t tos = 0) {
  const auto cipher = EspCipher(functions::Direction::kEncrypt);
  Bytes esp(16);
  functions::StoreBig<uint32_t>(&esp[0], kSpi);
  functions::StoreBig<uint32_t>(&esp[4], sequence);
  functions::StoreBig<uint64_t>(&esp[8], sequence);
  Bytes text = Join({plaintext, Bytes(16)});
  const int32_t error = cipher->Encrypt(0, &esp[8], {esp.data(), 8}, text.data(), plaintext.size());
  if (error != 0) throw std::runtime_error("encryption failed");
  return Ipv4Packet(Join({esp, text}), 0, functions::kProtocolEsp, tos);
}

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_ESP_PAIR_H_
