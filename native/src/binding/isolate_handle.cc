#include "binding/buffers.h"
#include "binding/handles.h"
#include "core/check.h"

namespace padata {
namespace {

// On the isolate's event loop, for one wake-up.
void CallDrain(napi_env env, napi_value drain, void* /*context*/, void* /*data*/) {
  napi_value global;
  if (env == nullptr || napi_get_global(env, &global) != napi_ok) return;
  napi_call_function(env, global, drain, 0, nullptr, nullptr);
}

void SendWakeUp(void* arg) {
  napi_call_threadsafe_function(static_cast<napi_threadsafe_function>(arg), nullptr, napi_tsfn_nonblocking);
}

// What outlives the handle: the cleanup hook runs when the environment ends, the handle goes whenever it is collected.
struct Attachment {
  RefPtr<Isolate> isolate;
  napi_threadsafe_function wake = nullptr;
};

std::span<uint8_t> BytesOf(Napi::Value value) {
  auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ElementLength()};
}

}  // namespace

Napi::Function IsolateHandle::Define(Napi::Env env) {
  return DefineClass(env, "IsolateHandle",
                     {
                         InstanceAccessor<&IsolateHandle::Memory>("memory"),
                         InstanceMethod<&IsolateHandle::Turn>("turn"),
                         InstanceMethod<&IsolateHandle::GiveBack>("giveBack"),
                         InstanceMethod<&IsolateHandle::MayClaim>("mayClaim"),
                         InstanceMethod<&IsolateHandle::IsWanted>("isWanted"),
                         InstanceMethod<&IsolateHandle::Fetch>("fetch"),
                         InstanceMethod<&IsolateHandle::Finish>("finish"),
                     });
}

// The hook is added after the thread-safe function was made, so that it runs before Node tears that down; see Bridge::Open(). The function is
// not unreferenced: it keeps the isolate alive while it waits for jobs.
IsolateHandle::IsolateHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<IsolateHandle>(info), isolate_(PointerFrom<Isolate>(info[0])) {
  const Napi::Env env = info.Env();
  auto attachment = std::make_unique<Attachment>();
  attachment->isolate = isolate_;
  const napi_value name = Napi::String::New(env, "padata isolate");
  PADATA_CHECK(napi_create_threadsafe_function(env, info[1], nullptr, name, 0, 1, nullptr, nullptr, nullptr, CallDrain,
                                               &attachment->wake) == napi_ok,
               "napi_create_threadsafe_function");
  isolate_->Attach(SendWakeUp, attachment->wake);
  const auto detach = [](void* arg) {
    const std::unique_ptr<Attachment> owned(static_cast<Attachment*>(arg));
    owned->isolate->Detach();
    napi_release_threadsafe_function(owned->wake, napi_tsfn_abort);
  };
  PADATA_CHECK(napi_add_env_cleanup_hook(env, detach, attachment.release()) == napi_ok, "napi_add_env_cleanup_hook");
}

Napi::Value IsolateHandle::Memory(const Napi::CallbackInfo& info) { return BufferOver(info.Env(), isolate_->memory()); }

Napi::Value IsolateHandle::Turn(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), isolate_->Turn(BytesOf(info[0])));
}

void IsolateHandle::GiveBack(const Napi::CallbackInfo& /*info*/) { isolate_->GiveBack(); }

Napi::Value IsolateHandle::MayClaim(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), isolate_->MayClaim());
}

Napi::Value IsolateHandle::IsWanted(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), isolate_->IsWanted());
}

void IsolateHandle::Fetch(const Napi::CallbackInfo& info) {
  isolate_->Fetch(info[0].As<Napi::Number>(), BytesOf(info[1]));
}

void IsolateHandle::Finish(const Napi::CallbackInfo& info) {
  Isolate::Outcome outcome{};
  outcome.slot = info[0].As<Napi::Number>();
  outcome.type = info[1].As<Napi::Number>();
  outcome.status = info[2].As<Napi::Number>();
  isolate_->Finish(outcome, BytesOf(info[3]));
}

}  // namespace padata
