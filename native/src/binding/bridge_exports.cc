// What lib/binding.ts calls on the bridge itself.
#include "binding/bridge.h"
#include "binding/buffers.h"
#include "core/function.h"
#include "core/segment.h"

namespace padata {
namespace {

constexpr napi_type_tag kTypeTag = {PADATA_TYPE_TAG_LOWER, PADATA_TYPE_TAG_UPPER};

Napi::Value Open(const Napi::CallbackInfo& info) {
  const auto bridge = Bridge::Open(info.Env(), info[0].As<Napi::Function>());
  return BufferOver(info.Env(), bridge->environment().control_memory());
}

Napi::Value SetRef(const Napi::CallbackInfo& info) {
  const auto bridge = Bridge::Of(info.Env());
  info[0].ToBoolean() ? bridge->Ref(info.Env()) : bridge->Unref(info.Env());
  return info.Env().Undefined();
}

// The description that a value carries, or nullptr if it carries none.
const padata_function* DescriptionIn(Napi::Value value) {
  if (!value.IsExternal()) return nullptr;
  auto external = value.As<Napi::External<padata_function>>();
  bool tagged = false;
  if (napi_check_object_type_tag(value.Env(), value, &kTypeTag, &tagged) != napi_ok || !tagged) return nullptr;
  return external.Data();
}

// A string says why not.
Napi::Value AddFunction(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const padata_function* const description = DescriptionIn(info[0]);
  if (description == nullptr) return Napi::String::New(env, "it does not carry the type tag of padata.h");
  const char* const refusal = NativeFunction::Refusal(*description);
  if (refusal != nullptr) return Napi::String::New(env, refusal);
  NativeFunction* const function = Bridge::Of(env)->environment().AddFunction(*description);
  Napi::Object made = Napi::Object::New(env);
  made.Set("address", AddressOf(function));
  made.Set("name", function->name());
  made.Set("isRange", function->kind() == PADATA_KIND_RANGE);
  made.Set("headroom", function->headroom());
  made.Set("tailroom", function->tailroom());
  return made;
}

Napi::Value DropFunction(const Napi::CallbackInfo& info) {
  const auto bridge = Bridge::Of(info.Env());
  // After the bridge was closed a job may still run; then the environment drops its functions by itself.
  if (!bridge->closed()) bridge->environment().DropFunction(PointerFrom<NativeFunction>(info[0]));
  return info.Env().Undefined();
}

Napi::Value AddSlab(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = static_cast<size_t>(info[0].As<Napi::Number>().Int64Value());
  SharedMemory* const slab = Bridge::Of(env)->environment().AddSlab(bytes);
  if (slab == nullptr) return env.Undefined();
  Napi::Object made = Napi::Object::New(env);
  made.Set("buffer", BufferOver(env, RefPtr<SharedMemory>(slab)));
  made.Set("address", AddressOf(slab->data()));
  made.Set("handle", AddressOf(slab));
  return made;
}

Napi::Value DropSlab(const Napi::CallbackInfo& info) {
  Bridge::Of(info.Env())->environment().DropSlab(PointerFrom<SharedMemory>(info[0]));
  return info.Env().Undefined();
}

Napi::Value SlabBytes(const Napi::CallbackInfo& info) {
  const auto* const slab = PointerFrom<SharedMemory>(info[0]);
  const auto offset = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
  const auto size = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  return Napi::Buffer<uint8_t>::Copy(info.Env(), slab->data() + offset, size);
}

Napi::Value SegmentBuffer(const Napi::CallbackInfo& info) {
  return BufferOver(info.Env(), PointerFrom<Segment>(info[0])->jobs, kJobsPerSegment * sizeof(Job));
}

}  // namespace

void ExportBridge(Napi::Env env, Napi::Object exports) {
  exports.Set("open", Napi::Function::New<Open>(env, "open"));
  exports.Set("setRef", Napi::Function::New<SetRef>(env, "setRef"));
  exports.Set("addFunction", Napi::Function::New<AddFunction>(env, "addFunction"));
  exports.Set("dropFunction", Napi::Function::New<DropFunction>(env, "dropFunction"));
  exports.Set("addSlab", Napi::Function::New<AddSlab>(env, "addSlab"));
  exports.Set("dropSlab", Napi::Function::New<DropSlab>(env, "dropSlab"));
  exports.Set("slabBytes", Napi::Function::New<SlabBytes>(env, "slabBytes"));
  exports.Set("segmentBuffer", Napi::Function::New<SegmentBuffer>(env, "segmentBuffer"));
}

}  // namespace padata
