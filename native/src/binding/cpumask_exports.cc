// SPDX-License-Identifier: MIT
#include "binding/cpumask_exports.h"

#include <optional>
#include <string>
#include <vector>

#include "core/cpu_sources.h"
#include "core/cpumask_text.h"

namespace padata {
namespace {

// A byte that neither format knows: what a character above 0xFF is turned into, so that it is refused in its turn.
constexpr char kNoCharacter = '\x80';

std::string Latin1(Napi::Value text) {
  std::string bytes;
  for (char16_t c : text.As<Napi::String>().Utf16Value()) bytes += c <= 0xFF ? static_cast<char>(c) : kNoCharacter;
  return bytes;
}

std::optional<int> OptionalNumber(Napi::Value value) {
  if (value.IsUndefined()) return std::nullopt;
  return value.As<Napi::Number>().Int32Value();
}

Napi::Value ToValue(Napi::Env env, const CpuMaskParseResult& result) {
  if (result.ok()) return WordsFromMask(env, result.mask);
  Napi::Object refusal = Napi::Object::New(env);
  refusal.Set("errno", result.error);
  refusal.Set("position", static_cast<double>(result.position));
  return refusal;
}

Napi::Value Parse(const Napi::CallbackInfo& info) {
  return ToValue(info.Env(), ParseBitmap(Latin1(info[0]), OptionalNumber(info[1])));
}

Napi::Value ParseListText(const Napi::CallbackInfo& info) {
  return ToValue(info.Env(), ParseList(Latin1(info[0]), OptionalNumber(info[1])));
}

Napi::Value Format(const Napi::CallbackInfo& info) {
  const CpuMask mask = MaskFromWords(info[0].As<Napi::Uint32Array>());
  return Napi::String::New(info.Env(), FormatBitmap(mask, info[1].As<Napi::Number>().Int32Value()));
}

Napi::Value FormatListText(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), FormatList(MaskFromWords(info[0].As<Napi::Uint32Array>())));
}

template <CpuMask (CpuSources::*kSource)() const>
Napi::Value Read(const Napi::CallbackInfo& info) {
  return WordsFromMask(info.Env(), (CpuSources().*kSource)());
}

}  // namespace

CpuMask MaskFromWords(Napi::Uint32Array words) {
  std::vector<uint64_t> wide((words.ElementLength() + 1) / 2);
  for (size_t i = 0; i < words.ElementLength(); ++i) wide[i / 2] |= uint64_t{words.Data()[i]} << i % 2 * 32;
  return CpuMask::FromWords(wide);
}

Napi::Uint32Array WordsFromMask(Napi::Env env, const CpuMask& mask) {
  const size_t size = static_cast<size_t>(mask.Last() + 32) / 32;
  Napi::Uint32Array words = Napi::Uint32Array::New(env, size);
  if (env.IsExceptionPending()) return words;  // out of memory
  for (size_t i = 0; i < size; ++i) words.Data()[i] = static_cast<uint32_t>(mask.words()[i / 2] >> i % 2 * 32);
  return words;
}

void ExportCpuMask(Napi::Env env, Napi::Object exports) {
  Napi::Object cpumask = Napi::Object::New(env);
  cpumask.Set("parse", Napi::Function::New<Parse>(env, "parse"));
  cpumask.Set("parseList", Napi::Function::New<ParseListText>(env, "parseList"));
  cpumask.Set("format", Napi::Function::New<Format>(env, "format"));
  cpumask.Set("formatList", Napi::Function::New<FormatListText>(env, "formatList"));
  cpumask.Set("possible", Napi::Function::New<Read<&CpuSources::Possible>>(env, "possible"));
  cpumask.Set("present", Napi::Function::New<Read<&CpuSources::Present>>(env, "present"));
  cpumask.Set("online", Napi::Function::New<Read<&CpuSources::Online>>(env, "online"));
  cpumask.Set("allowed", Napi::Function::New<Read<&CpuSources::Allowed>>(env, "allowed"));
  exports.Set("cpumask", cpumask);
}

}  // namespace padata
