#include "binding/buffers.h"
#include "binding/handles.h"
#include "core/segment.h"

namespace padata {
namespace {

// The shell lives as long as the instance, or until JavaScript frees it; JavaScript calls nothing after that.
struct ShellRef {
  RefPtr<Instance> instance;
  Shell* shell;
};

ShellRef& RefIn(const Napi::CallbackInfo& info) { return *static_cast<ShellRef*>(info.Data()); }

// The address of a new segment for the shell's next jobs, or undefined without memory.
Napi::Value Grow(const Napi::CallbackInfo& info) {
  Segment* const segment = RefIn(info).shell->Grow();
  if (segment == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), AddressOf(segment));
}

void Retire(const Napi::CallbackInfo& info) { RefIn(info).shell->Retire(); }

void Reorder(const Napi::CallbackInfo& info) { RefIn(info).shell->Reorder(); }

void AwaitQuiet(const Napi::CallbackInfo& info) { RefIn(info).shell->AwaitQuiet(); }

void Free(const Napi::CallbackInfo& info) {
  ShellRef& ref = RefIn(info);
  ref.instance->FreeShell(std::exchange(ref.shell, nullptr));
  ref.instance = {};
}

}  // namespace

Napi::Object NewShellHandle(Napi::Env env, const RefPtr<Instance>& instance) {
  auto* const ref = new ShellRef{instance, instance->CreateShell()};
  Napi::Object handle = Napi::Object::New(env);
  handle.Set("id", ref->shell->id());
  handle.Set("control", BufferOver(env, ref->shell->control_memory()));
  handle.Set("grow", Napi::Function::New<Grow>(env, "grow", ref));
  handle.Set("retire", Napi::Function::New<Retire>(env, "retire", ref));
  handle.Set("reorder", Napi::Function::New<Reorder>(env, "reorder", ref));
  handle.Set("awaitQuiet", Napi::Function::New<AwaitQuiet>(env, "awaitQuiet", ref));
  handle.Set("free", Napi::Function::New<Free>(env, "free", ref));
  handle.AddFinalizer([](Napi::Env /*env*/, ShellRef* dropped) { delete dropped; }, ref);
  return handle;
}

}  // namespace padata
