#include <sched.h>

#include "binding/buffers.h"
#include "binding/handles.h"

namespace padata {
namespace {

// Each function holds the instance, which owns the group.
RefPtr<Instance>& InstanceIn(const Napi::CallbackInfo& info) { return *static_cast<RefPtr<Instance>*>(info.Data()); }

IsolateGroup& GroupIn(const Napi::CallbackInfo& info) { return *InstanceIn(info)->isolates(); }

struct SeatRef {
  RefPtr<Instance> instance;
  RefPtr<Isolate> isolate;
};

// Three numbers for each job that had begun: its shell, its seq_nr, and whether it was a serial().
Napi::Value Abandon(const Napi::CallbackInfo& info) {
  const SeatRef& ref = *static_cast<SeatRef*>(info.Data());
  const std::vector<Isolate::Died> died = ref.isolate->Abandon();
  ref.instance->isolates()->Remove(*ref.isolate);
  auto numbers = Napi::Float64Array::New(info.Env(), died.size() * 3);
  double* next = numbers.Data();
  for (const Isolate::Died& each : died) {
    *next++ = each.shell;
    *next++ = static_cast<double>(each.seq_nr);
    *next++ = each.is_serial ? 1 : 0;
  }
  return numbers;
}

void CompleteEarly(const Napi::CallbackInfo& info) { static_cast<SeatRef*>(info.Data())->isolate->CompleteEarly(); }

Napi::Value Retire(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), static_cast<SeatRef*>(info.Data())->isolate->Retire());
}

Napi::Value Add(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto* const ref = new SeatRef{InstanceIn(info), GroupIn(info).Add(info[0].As<Napi::Number>())};
  Napi::Object seat = Napi::Object::New(env);
  seat.Set("address", AddressOf(ref->isolate.get()));
  seat.Set("memory", BufferOver(env, ref->isolate->memory()));
  seat.Set("abandon", Napi::Function::New<Abandon>(env, "abandon", ref));
  seat.Set("completeEarly", Napi::Function::New<CompleteEarly>(env, "completeEarly", ref));
  seat.Set("retire", Napi::Function::New<Retire>(env, "retire", ref));
  seat.AddFinalizer([](Napi::Env /*env*/, SeatRef* dropped) { delete dropped; }, ref);
  return seat;
}

Napi::Value GrowQueue(const Napi::CallbackInfo& info) {
  const RefPtr<SharedMemory>& memory = GroupIn(info).queue().Grow();
  return memory ? BufferOver(info.Env(), memory) : info.Env().Undefined();
}

void Kick(const Napi::CallbackInfo& info) {
  const int cpu = sched_getcpu();
  InstanceIn(info)->environment().SeenOn(cpu);
  GroupIn(info).Kick(cpu);
}

Napi::Value Withdraw(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), GroupIn(info).Withdraw(PointerFrom<Job>(info[0])));
}

// Jobs that no isolate has claimed end with an errno.
void Cancel(const Napi::CallbackInfo& info) { GroupIn(info).Cancel(info[0].As<Napi::Number>()); }

// How many there were.
Napi::Value CancelSerials(const Napi::CallbackInfo& info) {
  const size_t count = GroupIn(info).CancelSerials(info[0].As<Napi::Number>());
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

}  // namespace

Napi::Object NewIsolateGroupHandle(Napi::Env env, const RefPtr<Instance>& instance) {
  IsolateGroup& group = instance->MakeIsolates();
  auto* const ref = new RefPtr<Instance>(instance);
  Napi::Object handle = Napi::Object::New(env);
  handle.Set("control", BufferOver(env, group.control_memory()));
  handle.Set("queue", BufferOver(env, group.queue().memory()));
  handle.Set("growQueue", Napi::Function::New<GrowQueue>(env, "growQueue", ref));
  handle.Set("kick", Napi::Function::New<Kick>(env, "kick", ref));
  handle.Set("add", Napi::Function::New<Add>(env, "add", ref));
  handle.Set("withdraw", Napi::Function::New<Withdraw>(env, "withdraw", ref));
  handle.Set("cancel", Napi::Function::New<Cancel>(env, "cancel", ref));
  handle.Set("cancelSerials", Napi::Function::New<CancelSerials>(env, "cancelSerials", ref));
  handle.AddFinalizer([](Napi::Env /*env*/, RefPtr<Instance>* dropped) { delete dropped; }, ref);
  return handle;
}

}  // namespace padata
