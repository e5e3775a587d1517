#include "binding/bridge.h"

#include <sched.h>

#include <utility>

#include "core/check.h"

namespace padata {
namespace {

using BridgePtr = std::shared_ptr<Bridge>;

void Check(napi_status status, const char* what) { PADATA_CHECK(status == napi_ok, what); }

// On the event loop, for one wake-up. Without an environment the thread-safe function is being torn down.
void CallDrain(napi_env env, napi_value drain, void* bridge, void* /*data*/) {
  if (env == nullptr) return;
  static_cast<Bridge*>(bridge)->environment().SeenOn(sched_getcpu());
  napi_value global;
  if (napi_get_global(env, &global) != napi_ok) return;
  // What drain throws reaches uncaughtException: Node looks after this call.
  napi_call_function(env, global, drain, 0, nullptr, nullptr);
}

void SendWakeUp(void* arg) {
  // The queue of the thread-safe function is unbounded, and non-blocking: this never waits.
  napi_call_threadsafe_function(static_cast<napi_threadsafe_function>(arg), nullptr, napi_tsfn_nonblocking);
}

}  // namespace

std::shared_ptr<Bridge> Bridge::Open(Napi::Env env, Napi::Function drain) {
  BridgePtr bridge(new Bridge);
  const napi_value name = Napi::String::New(env, "padata");
  Check(napi_create_threadsafe_function(env, drain, nullptr, name, 0, 1, nullptr, nullptr, bridge.get(), CallDrain,
                                        &bridge->wake_),
        "napi_create_threadsafe_function");
  Check(napi_unref_threadsafe_function(env, bridge->wake_), "napi_unref_threadsafe_function");
  bridge->environment_ = RefPtr<Environment>(new Environment(SendWakeUp, bridge->wake_));
  Check(napi_add_env_cleanup_hook(
            env,
            [](void* arg) {
              const std::unique_ptr<BridgePtr> owner(static_cast<BridgePtr*>(arg));
              (*owner)->Close();
            },
            new BridgePtr(bridge)),
        "napi_add_env_cleanup_hook");
  return bridge;
}

void Bridge::Ref(Napi::Env env) { napi_ref_threadsafe_function(env, wake_); }

void Bridge::Unref(Napi::Env env) { napi_unref_threadsafe_function(env, wake_); }

void Bridge::Add(const RefPtr<Instance>& instance) { instances_.insert(instance); }

void Bridge::Remove(const RefPtr<Instance>& instance) { instances_.erase(instance); }

void Bridge::Close() {
  closed_ = true;
  environment_->Close();
  for (const auto& instance : std::exchange(instances_, {})) instance->Close();
  napi_release_threadsafe_function(wake_, napi_tsfn_abort);
}

}  // namespace padata
