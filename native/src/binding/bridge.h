// The bridge of one environment (one event loop): the only way from the threads to JavaScript, and what JavaScript shares with them.
//
// Threads. Everything belongs to the environment's thread, but for the wake-up, which any thread sends.
// Lifetime. Opened when the package is loaded in an environment, closed by an environment cleanup hook. The hook is added
// after the thread-safe function was made, so that it runs before Node tears that down; from then on no wake-up is sent, and what
// still runs on threads is kept alive by the references of the core.
#ifndef PADATA_BINDING_BRIDGE_H_
#define PADATA_BINDING_BRIDGE_H_

#include <napi.h>

#include <memory>
#include <unordered_set>

#include "core/environment.h"
#include "core/instance.h"
#include "core/ref.h"

namespace padata {

class Bridge : public std::enable_shared_from_this<Bridge> {
 public:
  // `drain` is called on the event loop after a wake-up.
  static std::shared_ptr<Bridge> Open(Napi::Env env, Napi::Function drain);

  ~Bridge() = default;
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  // Whether the event loop stays alive for us.
  void Ref(Napi::Env env);
  void Unref(Napi::Env env);

  // Instances are closed with the bridge, if JavaScript has not done so before.
  void Add(const RefPtr<Instance>& instance);
  void Remove(const RefPtr<Instance>& instance);

  bool closed() const { return closed_; }
  Environment& environment() { return *environment_; }

 private:
  struct InstanceHash {
    size_t operator()(const RefPtr<Instance>& instance) const { return std::hash<Instance*>()(instance.get()); }
  };

  Bridge() = default;
  void Close();

  napi_threadsafe_function wake_ = nullptr;
  bool closed_ = false;
  RefPtr<Environment> environment_;
  std::unordered_set<RefPtr<Instance>, InstanceHash> instances_;
};

}  // namespace padata

#endif  // PADATA_BINDING_BRIDGE_H_
