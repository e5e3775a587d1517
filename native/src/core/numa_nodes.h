// Which CPUs belong to which NUMA node, and how threads are spread over the nodes.
//
// Threads: a plain value once it is read. Read() blocks for a few small files in sysfs.
// Format: the kernel's Documentation/ABI/stable/sysfs-devices-node.
#ifndef PADATA_CORE_NUMA_NODES_H_
#define PADATA_CORE_NUMA_NODES_H_

#include <string>
#include <utility>
#include <vector>

#include "core/cpumask.h"

namespace padata {

inline constexpr char kNodeSysfsRoot[] = "/sys/devices/system/node";

class NumaNodes {
 public:
  static constexpr int kNone = -1;

  struct Node {
    int number;
    CpuMask cpus;
    bool operator==(const Node&) const = default;
  };

  // A machine without nodes: no CPU is near any memory.
  NumaNodes() = default;
  explicit NumaNodes(std::vector<Node> nodes) : nodes_(std::move(nodes)) {}
  // Of a directory with node<n>/cpulist, as in sysfs. Without usable files: no nodes.
  static NumaNodes Read(const std::string& sysfs_root = kNodeSysfsRoot);

  // The node of a CPU, or kNone.
  int NodeOf(int cpu) const;
  // `count` CPUs of a mask, or all if it has less: the nodes take turns, lowest number first, as long as they have CPUs left. CPUs
  // of no node take turns as if they were one of their own.
  std::vector<int> Spread(const CpuMask& mask, size_t count) const;

  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_;  // no CPU is in two of them
};

}  // namespace padata

#endif  // PADATA_CORE_NUMA_NODES_H_
