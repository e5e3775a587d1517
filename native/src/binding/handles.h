// The bridge, instances and shells as JavaScript objects; lib/binding.ts describes what JavaScript sees. Their methods are for the seldom moments; jobs go through shared memory.
//
// Threads: the environment's.
#ifndef PADATA_BINDING_HANDLES_H_
#define PADATA_BINDING_HANDLES_H_

#include <napi.h>

#include <memory>

#include "binding/bridge.h"
#include "core/instance.h"
#include "core/shell.h"

namespace padata {

// new BridgeHandle(drain)
class BridgeHandle : public Napi::ObjectWrap<BridgeHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit BridgeHandle(const Napi::CallbackInfo& info);

  const std::shared_ptr<Bridge>& bridge() const { return bridge_; }

 private:
  Napi::Value Control(const Napi::CallbackInfo& info);
  void SetRef(const Napi::CallbackInfo& info);
  Napi::Value AddFunction(const Napi::CallbackInfo& info);
  void DropFunction(const Napi::CallbackInfo& info);
  Napi::Value AddSlab(const Napi::CallbackInfo& info);
  void DropSlab(const Napi::CallbackInfo& info);
  Napi::Value SlabBytes(const Napi::CallbackInfo& info);
  Napi::Value SegmentBuffer(const Napi::CallbackInfo& info);

  const std::shared_ptr<Bridge> bridge_;
};

// new InstanceHandle(bridge, name, parallel: words, serial: words, check_ms); `errno` is 0, or negative and nothing else works.
class InstanceHandle : public Napi::ObjectWrap<InstanceHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit InstanceHandle(const Napi::CallbackInfo& info);

 private:
  Napi::Value Errno(const Napi::CallbackInfo& info);
  Napi::Value Control(const Napi::CallbackInfo& info);
  Napi::Value Queue(const Napi::CallbackInfo& info);
  Napi::Value GrowQueue(const Napi::CallbackInfo& info);
  Napi::Value SetCpumask(const Napi::CallbackInfo& info);
  Napi::Value Usable(const Napi::CallbackInfo& info);
  Napi::Value EnsureSerialThread(const Napi::CallbackInfo& info);
  Napi::Value CreateShell(const Napi::CallbackInfo& info);
  Napi::Value StatsOfCpus(const Napi::CallbackInfo& info);
  void SetRunning(const Napi::CallbackInfo& info);
  void Kick(const Napi::CallbackInfo& info);
  void Rescue(const Napi::CallbackInfo& info);
  void CancelBacklog(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  const std::shared_ptr<Bridge> bridge_;
  int errno_ = 0;
  RefPtr<Instance> instance_;
};

// What createShell() returns: an object with the functions of a shell bound to it.
Napi::Object NewShellHandle(Napi::Env env, const RefPtr<Instance>& instance);

}  // namespace padata

#endif  // PADATA_BINDING_HANDLES_H_
