// Reference counts. SPDX-License-Identifier: MIT
#include "core/ref.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace padata {
namespace {

class Counted : public RefCounted<Counted> {
 public:
  explicit Counted(std::atomic<int>* destroyed) : destroyed_(destroyed) {}

 private:
  friend class RefCounted<Counted>;
  ~Counted() { ++*destroyed_; }
  std::atomic<int>* const destroyed_;
};

TEST(RefPtrTest, CopiesMovesAndAssignments) {
  std::atomic<int> destroyed{0};
  RefPtr<Counted> first(new Counted(&destroyed));
  RefPtr<Counted> second = first;
  EXPECT_TRUE(first == second);
  const RefPtr<Counted> third = std::move(first);
  EXPECT_FALSE(first);
  second = RefPtr<Counted>(new Counted(&destroyed));
  EXPECT_EQ(destroyed, 0);
  second = third;
  EXPECT_EQ(destroyed, 1);
  second = {};
  EXPECT_EQ(destroyed, 1) << "`third` holds it";
}

TEST(RefPtrTest, ManyThreadsDropItOnce) {
  std::atomic<int> destroyed{0};
  {
    std::vector<std::thread> threads;
    RefPtr<Counted> object(new Counted(&destroyed));
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([object] {
        for (int j = 0; j < 1000; ++j) const RefPtr<Counted> copy = object;
      });
    }
    object = {};
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
}  // namespace padata
