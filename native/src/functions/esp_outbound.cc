// IP packet to ESP packet (RFC 4303, 3.3). The payload stays where it is; the headers go into the headroom.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "functions/esp.h"
#include "functions/function_object.h"
#include "functions/ip_header.h"
#include "functions/network_order.h"

namespace padata::functions {
namespace {

constexpr size_t kTrailerSize = 2;  // pad length and next header
constexpr size_t kAlignment = 4;
constexpr size_t kMaxTailroom = kAlignment - 1 + kTrailerSize + kMaxAuthSize;

size_t OuterSize(const EspParameters& parameters) {
  if (!parameters.tunnel) return 0;
  return parameters.tunnel->version == 4 ? kIpv4HeaderSize : kIpv6HeaderSize;
}

// The ESP packet to be, behind the last IP header.
struct Payload {
  uint8_t* bytes;  // the ESP header comes right in front
  size_t size;
  uint8_t next_header;

  size_t padding() const { return (kAlignment - (size + kTrailerSize) % kAlignment) % kAlignment; }
  size_t encrypted_size() const { return size + padding() + kTrailerSize; }
  uint8_t* esp() const { return bytes - kEspHeaderSize; }
};

class EspOutbound final : public FunctionObject<EspOutbound> {
 public:
  EspOutbound(const EspParameters& parameters, std::unique_ptr<AeadCipher> cipher)
      // The sequence number in front of the packet is room as well.
      : FunctionObject("esp outbound", static_cast<uint32_t>(kEspHeaderSize + OuterSize(parameters) - kSequenceSize),
                       kMaxTailroom),
        parameters_(parameters),
        cipher_(std::move(cipher)) {}

  int32_t Run(padata_call& call) {
    if (call.part_size[0] != kSequenceSize) return -EINVAL;
    const auto sequence = LoadBig<uint64_t>(call.bytes);
    if (sequence == 0) return -EINVAL;
    if (!parameters_.extended_sequence && sequence > UINT32_MAX) return -EOVERFLOW;

    uint8_t* packet = call.bytes + kSequenceSize;
    IpHeader header{};
    const int32_t error = ParseIpHeader(packet, call.part_size[1], &header);
    if (error != 0) return error;
    return parameters_.tunnel ? Tunnel(call, packet, header, sequence) : Transport(call, packet, header, sequence);
  }

 private:
  size_t EspSize(const Payload& payload) const {
    return kEspHeaderSize + payload.encrypted_size() + cipher_->auth_size();
  }

  int32_t Tunnel(padata_call& call, uint8_t* packet, const IpHeader& inner, uint64_t sequence) {
    const Payload payload = {packet, inner.total_size, inner.version == 4 ? kProtocolIpv4 : kProtocolIpv6};
    const size_t outer_size = OuterSize(parameters_);
    uint8_t* outer = payload.esp() - outer_size;
    IpHeader header = WriteOuterHeader(outer, inner, sequence);
    const int32_t error = RewriteIpHeader(outer, header, EspSize(payload), kProtocolEsp);
    return error != 0 ? error : Seal(call, outer, payload, sequence);
  }

  int32_t Transport(padata_call& call, uint8_t* packet, IpHeader header, uint64_t sequence) {
    const int32_t error = SkipExtensions(packet, Extensions::kInFrontOfEsp, &header);
    if (error != 0) return error;
    if (header.fragment) return -EOPNOTSUPP;
    const Payload payload = {packet + header.header_size, header.total_size - header.header_size, header.next_header};
    uint8_t* moved = packet - kEspHeaderSize;
    std::memmove(moved, packet, header.header_size);
    const int32_t too_long = RewriteIpHeader(moved, header, EspSize(payload), kProtocolEsp);
    return too_long != 0 ? too_long : Seal(call, moved, payload, sequence);
  }

  // Everything but what RewriteIpHeader() writes.
  IpHeader WriteOuterHeader(uint8_t* outer, const IpHeader& inner, uint64_t sequence) const {
    const EspTunnel& tunnel = *parameters_.tunnel;
    IpHeader header{};
    header.version = tunnel.version;
    header.header_size = OuterSize(parameters_);
    const uint8_t traffic_class =
        tunnel.dscp ? static_cast<uint8_t>(*tunnel.dscp << 2 | (inner.traffic_class & 3)) : inner.traffic_class;
    if (tunnel.version == 4) {
      header.next_header_at = 9;
      WriteIpv4(outer, tunnel, inner, traffic_class, static_cast<uint16_t>(sequence));
    } else {
      header.next_header_at = 6;
      StoreBig<uint32_t>(outer, 6U << 28 | uint32_t{traffic_class} << 20 | inner.flow_label);
      outer[7] = tunnel.hop_limit;
      std::copy_n(tunnel.source.begin(), 16, outer + 8);
      std::copy_n(tunnel.destination.begin(), 16, outer + 24);
    }
    return header;
  }

  // The identification matters only to packets that may be fragmented (RFC 6864); the sequence number serves there.
  static void WriteIpv4(uint8_t* outer, const EspTunnel& tunnel, const IpHeader& inner, uint8_t traffic_class,
                        uint16_t identification) {
    const bool dont_fragment =
        tunnel.dont_fragment == DontFragment::kCopy ? inner.dont_fragment : tunnel.dont_fragment == DontFragment::kSet;
    outer[0] = 0x45;
    outer[1] = traffic_class;
    StoreBig<uint16_t>(outer + 4, identification);
    StoreBig<uint16_t>(outer + 6, dont_fragment ? 0x4000 : 0);
    outer[8] = tunnel.hop_limit;
    std::copy_n(tunnel.source.begin(), 4, outer + 12);
    std::copy_n(tunnel.destination.begin(), 4, outer + 16);
  }

  // Writes ESP's header and trailer, encrypts, and makes all from `first` on the result. The sequence number, which is
  // never used twice, is the iv too (RFC 4106, 3.1).
  int32_t Seal(padata_call& call, uint8_t* first, const Payload& payload, uint64_t sequence) {
    uint8_t* esp = payload.esp();
    uint8_t* iv = esp + 8;
    StoreBig<uint32_t>(esp, parameters_.spi);
    StoreBig<uint32_t>(esp + 4, static_cast<uint32_t>(sequence));
    StoreBig<uint64_t>(iv, sequence);

    uint8_t* end = payload.bytes + payload.size;
    const size_t padding = payload.padding();
    for (size_t i = 0; i < padding; ++i) end[i] = static_cast<uint8_t>(i + 1);
    end[padding] = static_cast<uint8_t>(padding);
    end[padding + 1] = payload.next_header;

    const EspAad aad(parameters_.spi, sequence, parameters_.extended_sequence);
    const int32_t error = cipher_->Encrypt(call.cpu, iv, aad.get(), payload.bytes, payload.encrypted_size());
    if (error != 0) return error;
    call.result.type = PADATA_RESULT_BYTES;
    call.result.bytes = first;
    call.result.size = static_cast<uint32_t>(static_cast<size_t>(esp - first) + EspSize(payload));
    return 0;
  }

  const EspParameters parameters_;
  const std::unique_ptr<AeadCipher> cipher_;
};

}  // namespace

const padata_function* NewEspOutbound(const EspParameters& parameters, std::unique_ptr<AeadCipher> cipher) {
  auto* made = new (std::nothrow) EspOutbound(parameters, std::move(cipher));
  return made == nullptr ? nullptr : made->function();
}

}  // namespace padata::functions
