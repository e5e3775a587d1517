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
  void GiveWay(const Napi::CallbackInfo& info);
  Napi::Value AddFunction(const Napi::CallbackInfo& info);
  void DropFunction(const Napi::CallbackInfo& info);
  Napi::Value AddSlab(const Napi::CallbackInfo& info);
  void DropSlab(const Napi::CallbackInfo& info);
  Napi::Value SlabBytes(const Napi::CallbackInfo& info);
  void Sleep(const Napi::CallbackInfo& info);
  Napi::Value SegmentBuffer(const Napi::CallbackInfo& info);
  Napi::Value CurrentCpu(const Napi::CallbackInfo& info);
  Napi::Value TakeResult(const Napi::CallbackInfo& info);

  const std::shared_ptr<Bridge> bridge_;
};

// new InstanceHandle(bridge, name, parallel: words, serial: words, check_ms); `errno` is 0, or negative and nothing else works.
class InstanceHandle : public Napi::ObjectWrap<InstanceHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit InstanceHandle(const Napi::CallbackInfo& info);

  const RefPtr<Instance>& instance() const { return instance_; }

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
  Napi::Value Isolates(const Napi::CallbackInfo& info);
  void SetRunning(const Napi::CallbackInfo& info);
  void Kick(const Napi::CallbackInfo& info);
  void Rescue(const Napi::CallbackInfo& info);
  void RefuseWhileFollowing(const Napi::CallbackInfo& info);
  Napi::Value Backlog(const Napi::CallbackInfo& info);
  void CancelBacklog(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  const std::shared_ptr<Bridge> bridge_;
  int errno_ = 0;
  RefPtr<Instance> instance_;
};

// new IsolateHandle(address, drain), in a worker that is to be an isolate: the isolate at that address, see binding/isolate_group_handle.cc, whose
// owner keeps it alive until the worker has ended. `drain` is called on the worker's event loop after a wake-up.
class IsolateHandle : public Napi::ObjectWrap<IsolateHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit IsolateHandle(const Napi::CallbackInfo& info);

 private:
  Napi::Value Memory(const Napi::CallbackInfo& info);
  Napi::Value Turn(const Napi::CallbackInfo& info);
  void GiveBack(const Napi::CallbackInfo& info);
  Napi::Value MayClaim(const Napi::CallbackInfo& info);
  Napi::Value IsWanted(const Napi::CallbackInfo& info);
  void Fetch(const Napi::CallbackInfo& info);
  void Finish(const Napi::CallbackInfo& info);

  const RefPtr<Isolate> isolate_;
};

// What isolates() returns: an object with the functions of the instance's IsolateGroup bound to it.
Napi::Object NewIsolateGroupHandle(Napi::Env env, const RefPtr<Instance>& instance);

// What createShell() returns: an object with the functions of a shell bound to it.
Napi::Object NewShellHandle(Napi::Env env, const RefPtr<Instance>& instance);

}  // namespace padata

#endif  // PADATA_BINDING_HANDLES_H_
