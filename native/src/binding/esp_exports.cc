// esp() of function_exports.h. SPDX-License-Identifier: MIT
//
//   options = { algorithm: string, key: Uint8Array, authSize?: number, spi: number, extendedSequence: boolean,
//               replayWindow: number, tunnel?: { source: Uint8Array, destination: Uint8Array, hopLimit: number,
//               dontFragment: 0 copy | 1 set | 2 clear, dscp?: number } }
//
// Addresses have 4 or 16 bytes, both the same.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "binding/function_exports.h"
#include "functions/esp.h"

namespace padata {
namespace {

using functions::AeadCipher;
using functions::AeadError;
using functions::Direction;
using functions::DontFragment;
using functions::EspParameters;
using functions::EspTunnel;

uint32_t Number(Napi::Object object, const char* name) { return object.Get(name).As<Napi::Number>().Uint32Value(); }

std::optional<uint32_t> OptionalNumber(Napi::Object object, const char* name) {
  if (object.Get(name).IsUndefined()) return std::nullopt;
  return Number(object, name);
}

void CopyAddress(Napi::Object object, const char* name, std::array<uint8_t, 16>* address) {
  auto bytes = object.Get(name).As<Napi::Uint8Array>();
  std::copy_n(bytes.Data(), std::min(bytes.ByteLength(), address->size()), address->begin());
}

EspTunnel TunnelFrom(Napi::Object options) {
  EspTunnel tunnel{};
  tunnel.version = options.Get("source").As<Napi::Uint8Array>().ByteLength() == 4 ? 4 : 6;
  CopyAddress(options, "source", &tunnel.source);
  CopyAddress(options, "destination", &tunnel.destination);
  tunnel.hop_limit = static_cast<uint8_t>(Number(options, "hopLimit"));
  tunnel.dont_fragment = static_cast<DontFragment>(Number(options, "dontFragment"));
  if (const auto dscp = OptionalNumber(options, "dscp")) tunnel.dscp = static_cast<uint8_t>(*dscp);
  return tunnel;
}

EspParameters ParametersFrom(Napi::Object options) {
  EspParameters parameters{};
  parameters.spi = Number(options, "spi");
  parameters.extended_sequence = options.Get("extendedSequence").ToBoolean();
  parameters.replay_window = Number(options, "replayWindow");
  const Napi::Value tunnel = options.Get("tunnel");
  if (tunnel.IsObject()) parameters.tunnel = TunnelFrom(tunnel.As<Napi::Object>());
  return parameters;
}

std::unique_ptr<AeadCipher> CipherFrom(Napi::Object options, Direction direction, AeadError* error) {
  const std::string name = options.Get("algorithm").As<Napi::String>();
  auto key = options.Get("key").As<Napi::Uint8Array>();
  return AeadCipher::New(direction, name, key.Data(), key.ByteLength(), OptionalNumber(options, "authSize"), error);
}

}  // namespace

Napi::Value NewEsp(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  AeadError error;
  auto encrypt = CipherFrom(options, Direction::kEncrypt, &error);
  auto decrypt = encrypt == nullptr ? nullptr : CipherFrom(options, Direction::kDecrypt, &error);
  if (decrypt == nullptr) return RefusalToValue(env, error.error, error.argument, error.message);

  const EspParameters parameters = ParametersFrom(options);
  Napi::Object made = Napi::Object::New(env);
  made.Set("outbound", FunctionToValue(env, functions::NewEspOutbound(parameters, std::move(encrypt))));
  made.Set("inbound", FunctionToValue(env, functions::NewEspInbound(parameters, std::move(decrypt))));
  return made;
}

}  // namespace padata
