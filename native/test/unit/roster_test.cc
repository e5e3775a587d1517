// The list of all instances. SPDX-License-Identifier: MIT
#include "core/roster.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/engine.h"

namespace padata {
namespace {

using test::Engine;
using test::FirstCpu;
using test::SecondCpu;

bool Lists(const std::vector<RefPtr<Instance>>& list, const Instance& instance) {
  return std::any_of(list.begin(), list.end(), [&](const RefPtr<Instance>& each) { return each.get() == &instance; });
}

bool IsFor(int cpu, const Instance& instance) {
  uint32_t generation = 0;
  return Lists(Roster::For(cpu, &generation), instance);
}

TEST(RosterTest, AnInstanceIsListedForItsUsableCpusOnly) {
  Engine engine({CpuMask{FirstCpu()}, test::AllowedCpus()});
  EXPECT_TRUE(IsFor(FirstCpu(), engine.instance()));
  if (test::HasTwoCpus()) {
    EXPECT_FALSE(IsFor(SecondCpu(), engine.instance()));
    engine.instance().SetCpumask(CpumaskType::kParallel, CpuMask{SecondCpu()});
    EXPECT_FALSE(IsFor(FirstCpu(), engine.instance()));
    EXPECT_TRUE(IsFor(SecondCpu(), engine.instance()));
  }
}

TEST(RosterTest, EachChangeIsANewGeneration) {
  uint32_t before = Roster::generation();
  const auto grew = [&before] { return std::exchange(before, Roster::generation()) != Roster::generation(); };
  Engine engine;
  EXPECT_TRUE(grew());
  EXPECT_TRUE(Lists(Roster::All(), engine.instance()));
  engine.instance().SetCpumask(CpumaskType::kParallel, CpuMask{FirstCpu()});
  EXPECT_TRUE(grew());
  const RefPtr<Instance> instance = engine.reference();
  engine.Close();
  EXPECT_TRUE(grew());
  EXPECT_FALSE(Lists(Roster::All(), *instance));
  EXPECT_FALSE(grew());
}

}  // namespace
}  // namespace padata
