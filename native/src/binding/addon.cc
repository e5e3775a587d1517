// The entry of the addon: what lib/binding.ts loads.
//
// NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS (sources.gypi): in a Worker that is being terminated Node-API refuses calls, and
// nothing can be thrown; node-addon-api would end the process.
#include <napi.h>

#include <cstdlib>

#include "binding/cpumask_exports.h"
#include "binding/function_exports.h"
#include "binding/handles.h"
#include "binding/mt_job_handle.h"
#include "core/process_exit.h"

namespace padata {
namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  // atexit handlers run in reverse order: ours comes before those of everything that was loaded earlier, libcrypto included.
  static const int registered = std::atexit(QuiesceForExit);
  (void)registered;
  ExportCpuMask(env, exports);
  ExportFunctions(env, exports);
  exports.Set("BridgeHandle", BridgeHandle::Define(env));
  exports.Set("InstanceHandle", InstanceHandle::Define(env));
  exports.Set("IsolateHandle", IsolateHandle::Define(env));
  exports.Set("MtJobHandle", MtJobHandle::Define(env));
  return exports;
}

}  // namespace
}  // namespace padata

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return padata::Init(env, exports); }
NODE_API_MODULE(padata, Init)
