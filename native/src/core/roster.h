// All instances of the process, for the threads that serve them: a thread is not told of changes, it looks at the generation
// before each round and then takes a new list of the instances that its CPU is usable for.
//
// Threads: any.
#ifndef PADATA_CORE_ROSTER_H_
#define PADATA_CORE_ROSTER_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "core/instance.h"

namespace padata {

class Roster {
 public:
  static void Add(Instance& instance);
  static void Remove(Instance& instance);
  // Something has changed: masks, or the list.
  static void Changed();

  static uint32_t generation();
  // The instances that `cpu` is usable for, and the generation that this list belongs to.
  static std::vector<RefPtr<Instance>> For(int cpu, uint32_t* generation);
  static std::vector<RefPtr<Instance>> All();
};

}  // namespace padata

#endif  // PADATA_CORE_ROSTER_H_
