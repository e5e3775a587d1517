// ESP packet to IP packet (RFC 4303, 3.4). Everything happens in place; what is delivered lies behind the ESP header.
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

constexpr size_t kMinEncryptedSize = 4;  // pad length and next header, aligned
constexpr uint8_t kCongestionExperienced = 3;

// What was inside of an ESP packet.
struct Payload {
  uint8_t* bytes;
  size_t size;  // padding taken off
  uint8_t next_header;
};

// Takes the trailer off: each byte of it is read once. 0 or -EINVAL.
int32_t Strip(Payload* payload) {
  const size_t padding = payload->bytes[payload->size - 2];
  payload->next_header = payload->bytes[payload->size - 1];
  if (padding + 2 > payload->size) return -EINVAL;
  payload->size -= padding + 2;
  for (size_t i = 0; i < padding; ++i) {
    if (payload->bytes[payload->size + i] != i + 1) return -EINVAL;
  }
  return 0;
}

class EspInbound final : public FunctionObject<EspInbound> {
 public:
  EspInbound(const EspParameters& parameters, std::unique_ptr<AeadCipher> cipher)
      : FunctionObject("esp inbound"), parameters_(parameters), cipher_(std::move(cipher)) {}

  int32_t Run(padata_call& call) {
    if (call.part_size[0] != kSequenceSize) return -EINVAL;
    const auto top = LoadBig<uint64_t>(call.bytes);
    uint8_t* packet = call.bytes + kSequenceSize;
    IpHeader header{};
    int32_t error = ParseIpHeader(packet, call.part_size[1], &header);
    if (error == 0) error = SkipExtensions(packet, Extensions::kUpToEsp, &header);
    if (error != 0) return error;
    if (header.fragment) return -EOPNOTSUPP;
    if (header.next_header != kProtocolEsp) return -EPROTONOSUPPORT;

    Payload payload{};
    uint64_t sequence = 0;
    error = Open(call.cpu, packet, header, top, &payload, &sequence);
    if (error != 0) return error;
    if (payload.next_header == kProtocolNone) return -ENOMSG;
    return parameters_.tunnel ? Tunnel(call, header, payload, sequence)
                              : Transport(call, packet, header, payload, sequence);
  }

 private:
  int32_t Open(int32_t cpu, uint8_t* packet, const IpHeader& header, uint64_t top, Payload* payload,
               uint64_t* sequence) {
    uint8_t* esp = packet + header.header_size;
    const size_t size = header.total_size - header.header_size;
    const size_t overhead = kEspHeaderSize + cipher_->auth_size();
    if (size < overhead + kMinEncryptedSize || (size - overhead) % 4 != 0) return -EINVAL;
    if (LoadBig<uint32_t>(esp) != parameters_.spi) return -ESRCH;

    const auto low = LoadBig<uint32_t>(esp + 4);
    *sequence = parameters_.extended_sequence ? InferSequence(top, low, parameters_.replay_window) : low;
    const EspAad aad(parameters_.spi, *sequence, parameters_.extended_sequence);
    payload->bytes = esp + kEspHeaderSize;
    payload->size = size - overhead;
    const int32_t error = cipher_->Decrypt(cpu, esp + 8, aad.get(), payload->bytes, payload->size);
    return error != 0 ? error : Strip(payload);
  }

  // The packet inside; what follows its end hides the length of the traffic (RFC 4303, 2.7).
  static int32_t Tunnel(padata_call& call, const IpHeader& outer, const Payload& payload, uint64_t sequence) {
    IpHeader inner{};
    const int32_t error = ParseIpHeader(payload.bytes, payload.size, &inner);
    if (error != 0) return error;
    if (payload.next_header != (inner.version == 4 ? kProtocolIpv4 : kProtocolIpv6)) return -EINVAL;
    if ((outer.traffic_class & kCongestionExperienced) == kCongestionExperienced) MarkCongestion(payload.bytes, inner);
    SetResult(call, payload.bytes, inner.total_size, sequence);
    return 0;
  }

  // The header moves up to the payload.
  static int32_t Transport(padata_call& call, const uint8_t* packet, const IpHeader& header, const Payload& payload,
                           uint64_t sequence) {
    uint8_t* moved = payload.bytes - header.header_size;
    std::memmove(moved, packet, header.header_size);
    const int32_t error = RewriteIpHeader(moved, header, payload.size, payload.next_header);
    if (error != 0) return error;
    SetResult(call, moved, header.header_size + payload.size, sequence);
    return 0;
  }

  // The ESP header has left room for the sequence number in front of `first`.
  static void SetResult(padata_call& call, uint8_t* first, size_t size, uint64_t sequence) {
    StoreBig<uint64_t>(first - kSequenceSize, sequence);
    call.result.type = PADATA_RESULT_BYTES;
    call.result.bytes = first - kSequenceSize;
    call.result.size = static_cast<uint32_t>(kSequenceSize + size);
  }

  const EspParameters parameters_;
  const std::unique_ptr<AeadCipher> cipher_;
};

}  // namespace

const padata_function* NewEspInbound(const EspParameters& parameters, std::unique_ptr<AeadCipher> cipher) {
  auto* made = new (std::nothrow) EspInbound(parameters, std::move(cipher));
  return made == nullptr ? nullptr : made->function();
}

}  // namespace padata::functions
