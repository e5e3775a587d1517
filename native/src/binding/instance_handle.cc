#include <sched.h>

#include "binding/buffers.h"
#include "binding/cpumask_exports.h"
#include "binding/handles.h"
#include "core/serial_thread.h"

namespace padata {

Napi::Function InstanceHandle::Define(Napi::Env env) {
  return DefineClass(env, "InstanceHandle",
                     {
                         InstanceAccessor<&InstanceHandle::Errno>("errno"),
                         InstanceAccessor<&InstanceHandle::Control>("control"),
                         InstanceAccessor<&InstanceHandle::Queue>("queue"),
                         InstanceMethod<&InstanceHandle::GrowQueue>("growQueue"),
                         InstanceMethod<&InstanceHandle::SetCpumask>("setCpumask"),
                         InstanceMethod<&InstanceHandle::Usable>("usable"),
                         InstanceMethod<&InstanceHandle::EnsureSerialThread>("ensureSerialThread"),
                         InstanceMethod<&InstanceHandle::CreateShell>("createShell"),
                         InstanceMethod<&InstanceHandle::StatsOfCpus>("statsOfCpus"),
                         InstanceMethod<&InstanceHandle::Isolates>("isolates"),
                         InstanceMethod<&InstanceHandle::SetRunning>("setRunning"),
                         InstanceMethod<&InstanceHandle::Kick>("kick"),
                         InstanceMethod<&InstanceHandle::Rescue>("rescue"),
                         InstanceMethod<&InstanceHandle::RefuseWhileFollowing>("refuseWhileFollowing"),
                         InstanceMethod<&InstanceHandle::Backlog>("backlog"),
                         InstanceMethod<&InstanceHandle::CancelBacklog>("cancelBacklog"),
                         InstanceMethod<&InstanceHandle::Close>("close"),
                     });
}

InstanceHandle::InstanceHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<InstanceHandle>(info), bridge_(BridgeHandle::Unwrap(info[0].As<Napi::Object>())->bridge()) {
  const Cpumasks masks{MaskFromWords(info[2].As<Napi::Uint32Array>()), MaskFromWords(info[3].As<Napi::Uint32Array>())};
  errno_ = Instance::Create(bridge_->environment(), info[1].As<Napi::String>(), masks, CpuSources(), &instance_,
                            info[4].As<Napi::Number>());
  if (errno_ == 0) bridge_->Add(instance_);
}

Napi::Value InstanceHandle::Errno(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), errno_); }

Napi::Value InstanceHandle::Control(const Napi::CallbackInfo& info) {
  return BufferOver(info.Env(), instance_->control_memory());
}

Napi::Value InstanceHandle::Queue(const Napi::CallbackInfo& info) {
  return BufferOver(info.Env(), instance_->queue().memory());
}

Napi::Value InstanceHandle::GrowQueue(const Napi::CallbackInfo& info) {
  const RefPtr<SharedMemory>& memory = instance_->queue().Grow();
  return memory ? BufferOver(info.Env(), memory) : info.Env().Undefined();
}

Napi::Value InstanceHandle::SetCpumask(const Napi::CallbackInfo& info) {
  const auto type = info[0].ToBoolean() ? CpumaskType::kParallel : CpumaskType::kSerial;
  return Napi::Number::New(info.Env(), instance_->SetCpumask(type, MaskFromWords(info[1].As<Napi::Uint32Array>())));
}

Napi::Value InstanceHandle::Usable(const Napi::CallbackInfo& info) {
  const Cpumasks usable = instance_->usable();
  Napi::Object masks = Napi::Object::New(info.Env());
  masks.Set("parallel", WordsFromMask(info.Env(), usable.parallel));
  masks.Set("serial", WordsFromMask(info.Env(), usable.serial));
  return masks;
}

Napi::Value InstanceHandle::EnsureSerialThread(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), SerialThread::Ensure(info[0].As<Napi::Number>().Int32Value()));
}

Napi::Value InstanceHandle::CreateShell(const Napi::CallbackInfo& info) {
  return NewShellHandle(info.Env(), instance_);
}

// Five numbers for each CPU, see lib/binding.ts.
Napi::Value InstanceHandle::StatsOfCpus(const Napi::CallbackInfo& info) {
  const std::vector<Instance::CpuStats> all = instance_->StatsOfCpus();
  auto numbers = Napi::Float64Array::New(info.Env(), all.size() * 5);
  double* next = numbers.Data();
  for (const Instance::CpuStats& stats : all) {
    *next++ = stats.cpu;
    *next++ = static_cast<double>(stats.jobs);
    *next++ = static_cast<double>(stats.pins.lost);
    *next++ = static_cast<double>(stats.pins.restored);
    *next++ = static_cast<double>(stats.usable_since_ms);
  }
  return numbers;
}

Napi::Value InstanceHandle::Isolates(const Napi::CallbackInfo& info) {
  return NewIsolateGroupHandle(info.Env(), instance_);
}

void InstanceHandle::SetRunning(const Napi::CallbackInfo& info) {
  info[0].ToBoolean() ? instance_->Start() : instance_->Stop();
}

void InstanceHandle::Kick(const Napi::CallbackInfo& /*info*/) { instance_->KickFromLoop(sched_getcpu()); }

void InstanceHandle::Rescue(const Napi::CallbackInfo& /*info*/) { instance_->Rescue(); }

void InstanceHandle::RefuseWhileFollowing(const Napi::CallbackInfo& /*info*/) { instance_->RefuseWhileFollowing(); }

Napi::Value InstanceHandle::Backlog(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), instance_->queue().Backlog());
}

void InstanceHandle::CancelBacklog(const Napi::CallbackInfo& /*info*/) { instance_->CancelBacklog(); }

void InstanceHandle::Close(const Napi::CallbackInfo& /*info*/) {
  instance_->Close();
  bridge_->Remove(instance_);
  instance_ = {};
}

}  // namespace padata
