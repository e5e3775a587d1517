// A multithreaded job as a JavaScript object; lib/binding.ts describes what JavaScript sees.
//
// Threads: the environment's.
// Ownership. The memory that the job works on is JavaScript's: lib/internal/mt-job.ts keeps it until the job is done. When the environment ends
// before that, Bridge::Close() waits until no chunk runs any more, and JavaScript's memory goes after that.
#ifndef PADATA_BINDING_MT_JOB_HANDLE_H_
#define PADATA_BINDING_MT_JOB_HANDLE_H_

#include <napi.h>

#include "core/instance.h"
#include "core/mt_job.h"

namespace padata {

// new MtJobHandle(instance, function, description): starts the job.
class MtJobHandle : public Napi::ObjectWrap<MtJobHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit MtJobHandle(const Napi::CallbackInfo& info);

 private:
  Napi::Value IsDone(const Napi::CallbackInfo& info);
  Napi::Value UnitsDone(const Napi::CallbackInfo& info);
  Napi::Value TakePart(const Napi::CallbackInfo& info);
  Napi::Value Failures(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);

  const RefPtr<Instance> instance_;
  RefPtr<MtJob> job_;
};

}  // namespace padata

#endif  // PADATA_BINDING_MT_JOB_HANDLE_H_
