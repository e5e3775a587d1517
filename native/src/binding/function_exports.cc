// SPDX-License-Identifier: MIT
#include "binding/function_exports.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "functions/aead.h"
#include "functions/functions.h"

namespace padata {
namespace {

using functions::AeadCipher;
using functions::AeadError;
using functions::Direction;

constexpr napi_type_tag kTypeTag = {PADATA_TYPE_TAG_LOWER, PADATA_TYPE_TAG_UPPER};

template <const padata_function* (*kMake)()>
Napi::Value Static(const Napi::CallbackInfo& info) {
  return FunctionToValue(info.Env(), kMake());
}

Napi::Value Spin(const Napi::CallbackInfo& info) {
  const auto nanoseconds = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  return FunctionToValue(info.Env(), functions::NewSpin(nanoseconds));
}

// The arguments of aead(), and a cipher made of them for each direction.
struct AeadArguments {
  std::string name;
  Napi::Uint8Array key;
  std::optional<size_t> auth_size;

  explicit AeadArguments(const Napi::CallbackInfo& info)
      : name(info[0].As<Napi::String>()), key(info[1].As<Napi::Uint8Array>()) {
    if (!info[2].IsUndefined()) auth_size = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  }

  std::unique_ptr<AeadCipher> NewCipher(Direction direction, AeadError* error) const {
    return AeadCipher::New(direction, name, key.Data(), key.ByteLength(), auth_size, error);
  }
};

Napi::Value Aead(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const AeadArguments arguments(info);
  AeadError error;
  auto encrypt = arguments.NewCipher(Direction::kEncrypt, &error);
  auto decrypt = encrypt == nullptr ? nullptr : arguments.NewCipher(Direction::kDecrypt, &error);
  if (decrypt == nullptr) return RefusalToValue(env, error.error, error.argument, error.message);

  Napi::Object made = Napi::Object::New(env);
  made.Set("ivSize", static_cast<double>(encrypt->iv_size()));
  made.Set("authSize", static_cast<double>(encrypt->auth_size()));
  made.Set("espAadOnly", encrypt->algorithm().esp_aad_only);
  made.Set("encrypt", FunctionToValue(env, functions::NewAeadEncrypt(std::move(encrypt))));
  made.Set("decrypt", FunctionToValue(env, functions::NewAeadDecrypt(std::move(decrypt))));
  return made;
}

}  // namespace

Napi::Value FunctionToValue(Napi::Env env, const padata_function* function) {
  if (function == nullptr) {
    Napi::Error::New(env, "no memory for a native function").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto external = Napi::External<padata_function>::New(
      env, const_cast<padata_function*>(function),
      [](Napi::Env /*env*/, padata_function* dropped) { functions::ReleaseFunction(dropped); });
  if (!env.IsExceptionPending()) external.TypeTag(&kTypeTag);
  return external;
}

Napi::Value RefusalToValue(Napi::Env env, int32_t error, const char* argument, const std::string& message) {
  Napi::Object refusal = Napi::Object::New(env);
  refusal.Set("errno", error);
  refusal.Set("message", message);
  if (argument != nullptr) refusal.Set("argument", argument);
  return refusal;
}

void ExportFunctions(Napi::Env env, Napi::Object exports) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("noop", Napi::Function::New<Static<&functions::Noop>>(env, "noop"));
  object.Set("echo", Napi::Function::New<Static<&functions::Echo>>(env, "echo"));
  object.Set("crc32", Napi::Function::New<Static<&functions::Crc32>>(env, "crc32"));
  object.Set("histogram", Napi::Function::New<Static<&functions::Histogram>>(env, "histogram"));
  object.Set("sum", Napi::Function::New<Static<&functions::Sum>>(env, "sum"));
  object.Set("translate", Napi::Function::New<Static<&functions::Translate>>(env, "translate"));
  object.Set("spin", Napi::Function::New<Spin>(env, "spin"));
  object.Set("aead", Napi::Function::New<Aead>(env, "aead"));
  object.Set("esp", Napi::Function::New<NewEsp>(env, "esp"));
  exports.Set("functions", object);
}

}  // namespace padata
