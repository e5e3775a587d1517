#include "core/numa_nodes.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "core/cpumask_text.h"
#include "core/small_file.h"

namespace padata {
namespace {

// The number in a name like node12; kNone for every other name.
int NodeNumber(std::string_view name) {
  constexpr std::string_view kPrefix = "node";
  if (!name.starts_with(kPrefix)) return NumaNodes::kNone;
  name.remove_prefix(kPrefix.size());
  int node = NumaNodes::kNone;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), node);
  return error == std::errc() && end == name.data() + name.size() && node >= 0 ? node : NumaNodes::kNone;
}

// The CPUs of a mask that are still to be taken, by node; kNone for those of no node.
std::map<int, CpuMask> ByNode(const NumaNodes& nodes, const CpuMask& mask) {
  std::map<int, CpuMask> groups;
  for (int cpu : mask) groups[nodes.NodeOf(cpu)].Set(cpu);
  return groups;
}

}  // namespace

NumaNodes NumaNodes::Read(const std::string& sysfs_root) {
  std::vector<Node> nodes;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(sysfs_root.c_str()), closedir);
  if (!directory) return {};
  while (const dirent* const entry = readdir(directory.get())) {
    const int node = NodeNumber(entry->d_name);
    if (node == kNone) continue;
    CpuMaskParseResult cpus = ParseList(ReadSmallFile(sysfs_root + '/' + entry->d_name + "/cpulist"));
    if (cpus.ok() && !cpus.mask.IsEmpty())
      nodes.push_back({node, std::move(cpus.mask)});  // some nodes have memory only
  }
  std::sort(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) { return a.number < b.number; });
  return NumaNodes(std::move(nodes));
}

int NumaNodes::NodeOf(int cpu) const {
  for (const Node& node : nodes_) {
    if (node.cpus.Has(cpu)) return node.number;
  }
  return kNone;
}

std::vector<int> NumaNodes::Spread(const CpuMask& mask, size_t count) const {
  std::vector<int> chosen;
  std::map<int, CpuMask> groups = ByNode(*this, mask);
  while (!groups.empty() && chosen.size() < count) {
    for (auto group = groups.begin(); group != groups.end() && chosen.size() < count;) {
      chosen.push_back(group->second.First());
      group->second.Clear(chosen.back());
      group = group->second.IsEmpty() ? groups.erase(group) : std::next(group);
    }
  }
  return chosen;
}

}  // namespace padata
