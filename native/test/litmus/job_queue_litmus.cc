// Two threads that claim from one queue at the same time, or claim while the environment pushes and grows the ring.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/job_queue.h"
#include "support/litmus.h"

namespace padata {
namespace {

using test::Litmus;
using test::Outcomes;
using test::Scaled;

// The environment's side. Tokens are only passed on: the number of each is its address.
class Producer {
 public:
  void Push() {
    auto* const tokens = reinterpret_cast<std::atomic<uint64_t>*>(queue_.memory()->data());
    tokens[tail_ % (queue_.memory()->size() / sizeof(uint64_t))].store(pushed_ * sizeof(Job),
                                                                       std::memory_order_relaxed);
    ++pushed_;
    control_.tail.store(++tail_, std::memory_order_seq_cst);
  }
  uint64_t pushed() const { return pushed_; }
  JobQueue& queue() { return queue_; }

 private:
  JobQueue::Control control_{};
  JobQueue queue_{control_};
  uint32_t tail_ = 0;
  uint64_t pushed_ = 0;
};

struct Claimed {
  std::array<Job*, 2> batch{};
  size_t count = 0;
  uint64_t position = 0;
  void From(JobQueue& queue) {
    const JobQueue::Claimed claimed = queue.Claim(batch);
    count = claimed.count;
    position = claimed.position;
  }
  void GiveBackTo(JobQueue& queue) const {
    queue.GiveBack(std::array{JobQueue::Returned{position, batch[0]}, JobQueue::Returned{position + 1, batch[1]}});
  }
};

// Adds what was claimed to `all`, as numbers of tokens.
void Append(const Claimed& claimed, std::vector<uint64_t>* all) {
  for (size_t i = 0; i < claimed.count; ++i)
    all->push_back(reinterpret_cast<uintptr_t>(claimed.batch[i]) / sizeof(Job));
}

// Whether `all` are the numbers from `first` to `end`, each once.
bool AreAll(std::vector<uint64_t> all, uint64_t first, uint64_t end) {
  std::sort(all.begin(), all.end());
  if (all.size() != end - first) return false;
  return std::all_of(all.begin(), all.end(), [&first](uint64_t number) { return number == first++; });
}

void ExpectNoneForbidden(const Outcomes& outcomes) {
  for (const auto& [name, count] : outcomes) EXPECT_FALSE(name.starts_with("FORBIDDEN")) << name << ": " << count;
}

TEST(JobQueueLitmus, TwoClaimsOfThreeTokens) {
  Producer producer;
  Claimed first, second;
  const auto push = [&] {
    for (int i = 0; i < 3; ++i) producer.Push();
  };
  push();
  ExpectNoneForbidden(Litmus::Run(
      Scaled(1'000'000), [&] { first.From(producer.queue()); }, [&] { second.From(producer.queue()); },
      [&]() -> std::string {
        std::vector<uint64_t> all;
        Append(first, &all);
        Append(second, &all);
        const bool is_good = AreAll(all, producer.pushed() - 3, producer.pushed());
        push();
        return is_good ? std::to_string(first.count) + " + " + std::to_string(second.count)
                       : "FORBIDDEN: twice, or lost";
      }));
}

TEST(JobQueueLitmus, ClaimsAgainstTokensGivenBack) {
  Producer producer;
  Claimed first, second;
  uint64_t end = 0;
  const auto push = [&] {
    for (int i = 0; i < 4; ++i) producer.Push();
    end = producer.pushed();
    first.From(producer.queue());
  };
  push();
  ExpectNoneForbidden(Litmus::Run(
      Scaled(1'000'000), [&] { first.GiveBackTo(producer.queue()); }, [&] { second.From(producer.queue()); },
      [&]() -> std::string {
        std::vector<uint64_t> all;
        Append(second, &all);
        const char* const kind = all.front() == end - 4 ? "those given back" : "those behind them";
        while (first.From(producer.queue()), first.count != 0) Append(first, &all);
        const bool is_good = AreAll(all, end - 4, end) && producer.queue().Backlog() == 0;
        push();
        return is_good ? kind : "FORBIDDEN: twice, or lost";
      }));
}

// A claim that reads the old ring while a new one is published, filled up, and used.
TEST(JobQueueLitmus, ClaimWhileTheRingGrows) {
  auto producer = std::make_unique<Producer>();
  Claimed claimed;
  const auto fill = [&] {
    for (uint32_t i = 0; i < JobQueue::kInitialCapacity; ++i) producer->Push();
  };
  fill();
  ExpectNoneForbidden(Litmus::Run(
      Scaled(2'000, 200),
      [&] {
        producer->queue().Grow();
        fill();
      },
      [&] { claimed.From(producer->queue()); },
      [&]() -> std::string {
        std::vector<uint64_t> all;
        do {
          Append(claimed, &all);
          claimed.From(producer->queue());
        } while (claimed.count != 0);
        const bool is_good = AreAll(all, 0, producer->pushed());
        producer = std::make_unique<Producer>();
        fill();
        return is_good ? "all" : "FORBIDDEN: twice, lost, or never pushed";
      }));
}

}  // namespace
}  // namespace padata
