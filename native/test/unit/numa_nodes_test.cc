// NUMA nodes from a tree like sysfs, and how threads are spread over them.
#include "core/numa_nodes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace padata {
namespace {

class NumaNodesTest : public testing::Test {
 protected:
  NumaNodesTest() : root_(std::filesystem::temp_directory_path() / ("padata-nodes-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(root_);
  }
  ~NumaNodesTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& node, const std::string& cpulist) const {
    std::filesystem::create_directory(root_ / node);
    std::ofstream(root_ / node / "cpulist") << cpulist;
  }

  const std::filesystem::path root_;
};

TEST_F(NumaNodesTest, ReadsEachNodeWithCpus) {
  Write("node0", "0-3\n");
  Write("node1", "4,6\n");
  Write("node12", "\n");  // memory only
  Write("node2", "nonsense\n");
  Write("nodes", "8\n");
  Write("node-3", "9\n");
  Write("node", "10\n");
  std::filesystem::create_directory(root_ / "node4");
  const NumaNodes nodes = NumaNodes::Read(root_);
  EXPECT_EQ(nodes.nodes(), (std::vector<NumaNodes::Node>{{0, {0, 1, 2, 3}}, {1, {4, 6}}}));
  EXPECT_EQ(nodes.NodeOf(6), 1);
  EXPECT_EQ(nodes.NodeOf(0), 0);
  EXPECT_EQ(nodes.NodeOf(5), NumaNodes::kNone);
}

TEST_F(NumaNodesTest, WithoutATreeThereAreNoNodes) {
  const NumaNodes nodes = NumaNodes::Read(root_ / "missing");
  EXPECT_TRUE(nodes.nodes().empty());
  EXPECT_EQ(nodes.NodeOf(0), NumaNodes::kNone);
  EXPECT_EQ(nodes.Spread({1, 3, 5}, 2), (std::vector<int>{1, 3}));
}

TEST_F(NumaNodesTest, TheMachineItselfCanBeRead) {
  const NumaNodes nodes = NumaNodes::Read();
  for (const auto& [number, cpus] : nodes.nodes()) EXPECT_FALSE(cpus.IsEmpty()) << "node " << number;
}

TEST(NumaSpreadTest, NodesTakeTurns) {
  const NumaNodes nodes({{0, {0, 1, 2, 3}}, {1, {4, 5, 6, 7}}, {3, {8}}});
  const CpuMask all = CpuMask::FirstCpus(9);
  EXPECT_EQ(nodes.Spread(all, 2), (std::vector<int>{0, 4}));
  EXPECT_EQ(nodes.Spread(all, 6), (std::vector<int>{0, 4, 8, 1, 5, 2}));
  EXPECT_EQ(nodes.Spread(all, 100), (std::vector<int>{0, 4, 8, 1, 5, 2, 6, 3, 7}));
  EXPECT_EQ(nodes.Spread({2, 3, 7}, 3), (std::vector<int>{2, 7, 3}));
  EXPECT_TRUE(nodes.Spread(all, 0).empty());
  EXPECT_TRUE(nodes.Spread({}, 3).empty());
}

TEST(NumaSpreadTest, CpusOfNoNodeTakeTurnsAsOne) {
  const NumaNodes nodes(std::vector<NumaNodes::Node>{{0, {0, 1}}});
  EXPECT_EQ(nodes.Spread({0, 1, 8, 9}, 3), (std::vector<int>{8, 0, 9}));
}

}  // namespace
}  // namespace padata
