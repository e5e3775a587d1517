#include <sched.h>

#include "binding/buffers.h"
#include "binding/handles.h"
#include "core/function.h"
#include "core/segment.h"
#include "core/sync.h"

namespace padata {
namespace {

constexpr napi_type_tag kTypeTag = {PADATA_TYPE_TAG_LOWER, PADATA_TYPE_TAG_UPPER};

// The description that a value carries, or nullptr if it carries none.
const padata_function* DescriptionIn(Napi::Value value) {
  if (!value.IsExternal()) return nullptr;
  auto external = value.As<Napi::External<padata_function>>();
  bool tagged = false;
  if (napi_check_object_type_tag(value.Env(), value, &kTypeTag, &tagged) != napi_ok || !tagged) return nullptr;
  return external.Data();
}

}  // namespace

Napi::Function BridgeHandle::Define(Napi::Env env) {
  return DefineClass(env, "BridgeHandle",
                     {
                         InstanceAccessor<&BridgeHandle::Control>("control"),
                         InstanceMethod<&BridgeHandle::SetRef>("setRef"),
                         InstanceMethod<&BridgeHandle::GiveWay>("giveWay"),
                         InstanceMethod<&BridgeHandle::AddFunction>("addFunction"),
                         InstanceMethod<&BridgeHandle::DropFunction>("dropFunction"),
                         InstanceMethod<&BridgeHandle::AddSlab>("addSlab"),
                         InstanceMethod<&BridgeHandle::DropSlab>("dropSlab"),
                         InstanceMethod<&BridgeHandle::SlabBytes>("slabBytes"),
                         InstanceMethod<&BridgeHandle::Sleep>("sleep"),
                         InstanceMethod<&BridgeHandle::SegmentBuffer>("segmentBuffer"),
                         InstanceMethod<&BridgeHandle::CurrentCpu>("currentCpu"),
                         InstanceMethod<&BridgeHandle::TakeResult>("takeResult"),
                     });
}

BridgeHandle::BridgeHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<BridgeHandle>(info), bridge_(Bridge::Open(info.Env(), info[0].As<Napi::Function>())) {}

Napi::Value BridgeHandle::Control(const Napi::CallbackInfo& info) {
  return BufferOver(info.Env(), bridge_->environment().control_memory());
}

void BridgeHandle::SetRef(const Napi::CallbackInfo& info) {
  info[0].ToBoolean() ? bridge_->Ref(info.Env()) : bridge_->Unref(info.Env());
}

void BridgeHandle::GiveWay(const Napi::CallbackInfo& /*info*/) {
  bridge_->environment().SeenOn(sched_getcpu());
  YieldCpu();
}

// A string says why not.
Napi::Value BridgeHandle::AddFunction(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const padata_function* const description = DescriptionIn(info[0]);
  if (description == nullptr) return Napi::String::New(env, "it does not carry the type tag of padata.h");
  const char* const refusal = NativeFunction::Refusal(*description);
  if (refusal != nullptr) return Napi::String::New(env, refusal);
  NativeFunction* const function = bridge_->environment().AddFunction(*description);
  Napi::Object made = Napi::Object::New(env);
  made.Set("address", AddressOf(function));
  made.Set("name", function->name());
  made.Set("isRange", function->kind() == PADATA_KIND_RANGE);
  made.Set("takesParts", function->takes_parts());
  made.Set("headroom", function->headroom());
  made.Set("tailroom", function->tailroom());
  return made;
}

void BridgeHandle::DropFunction(const Napi::CallbackInfo& info) {
  // After the bridge was closed a job may still run; then the environment drops its functions by itself.
  if (!bridge_->closed()) bridge_->environment().DropFunction(PointerFrom<NativeFunction>(info[0]));
}

Napi::Value BridgeHandle::AddSlab(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = static_cast<size_t>(info[0].As<Napi::Number>().Int64Value());
  SharedMemory* const slab = bridge_->environment().AddSlab(bytes);
  if (slab == nullptr) return env.Undefined();
  Napi::Object made = Napi::Object::New(env);
  made.Set("buffer", BufferOver(env, RefPtr<SharedMemory>(slab)));
  made.Set("address", AddressOf(slab->data()));
  made.Set("handle", AddressOf(slab));
  return made;
}

void BridgeHandle::DropSlab(const Napi::CallbackInfo& info) {
  bridge_->environment().DropSlab(PointerFrom<SharedMemory>(info[0]));
}

Napi::Value BridgeHandle::SlabBytes(const Napi::CallbackInfo& info) {
  const auto* const slab = PointerFrom<SharedMemory>(info[0]);
  const auto offset = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
  const auto size = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  return Napi::Buffer<uint8_t>::Copy(info.Env(), slab->data() + offset, size);
}

void BridgeHandle::Sleep(const Napi::CallbackInfo& info) {
  bridge_->environment().Sleep(static_cast<uint64_t>(info[0].As<Napi::Number>().DoubleValue() * 1e6));
}

Napi::Value BridgeHandle::SegmentBuffer(const Napi::CallbackInfo& info) {
  return BufferOver(info.Env(), PointerFrom<Segment>(info[0])->jobs, kJobsPerSegment * sizeof(Job));
}

Napi::Value BridgeHandle::CurrentCpu(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), sched_getcpu());
}

// The memory of a result that has memory of its own.
Napi::Value BridgeHandle::TakeResult(const Napi::CallbackInfo& info) {
  const RefPtr<SharedMemory> memory = bridge_->environment().TakeResult(PointerFrom<SharedMemory>(info[0]));
  return memory ? BufferOver(info.Env(), memory) : info.Env().Undefined();
}

}  // namespace padata
