#include "core/roster.h"

#include <algorithm>

#include "core/sync.h"

namespace padata {
namespace {

struct State {
  Mutex mutex;
  std::vector<Instance*> instances PADATA_GUARDED_BY(mutex);  // each holds itself here until it is removed
  std::atomic<uint32_t> generation{1};
};

State& Get() {
  static auto* state = new State;  // never destroyed: threads outlive static destructors
  return *state;
}

}  // namespace

void Roster::Add(Instance& instance) {
  instance.Ref();
  {
    MutexLock lock(Get().mutex);
    Get().instances.push_back(&instance);
  }
  Changed();
}

void Roster::Remove(Instance& instance) {
  {
    MutexLock lock(Get().mutex);
    auto& all = Get().instances;
    all.erase(std::find(all.begin(), all.end(), &instance));
  }
  Changed();
  instance.Unref();
}

// Whoever sees the new generation sees the masks that were changed before. seq_cst: "changed, then wake" and "prepare to park,
// then look at the generation" are a Dekker pair.
void Roster::Changed() { Get().generation.fetch_add(1, std::memory_order_seq_cst); }

uint32_t Roster::generation() { return Get().generation.load(std::memory_order_seq_cst); }

std::vector<RefPtr<Instance>> Roster::For(int cpu, uint32_t* generation) {
  *generation = Roster::generation();  // before the list: a change in between is looked at again
  std::vector<RefPtr<Instance>> all = All();
  std::erase_if(all, [cpu](const RefPtr<Instance>& instance) { return !instance->MayRun(cpu); });
  return all;
}

std::vector<RefPtr<Instance>> Roster::All() {
  std::vector<RefPtr<Instance>> all;
  MutexLock lock(Get().mutex);
  for (Instance* instance : Get().instances) all.emplace_back(instance);
  return all;
}

}  // namespace padata
