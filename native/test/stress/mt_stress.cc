// Multithreaded jobs of several instances and event loops at once, with and without a caller, some stopped, some failing, while masks change
// and jobs of shells come in between: each unit is done exactly once, or none after a stop, and every job ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/ranges.h"
#include "support/stress.h"

namespace padata {
namespace {

using test::Engine;
using test::Port;
using test::Random;
using test::RunMt;

// One byte for each unit; a chunk adds one to its units.
struct Board {
  std::vector<uint8_t> units;
  std::atomic<uint64_t> done{0};
  uint64_t fails_at = ~uint64_t{0};
};

int32_t Mark(uint64_t start, uint64_t end, uint8_t* arg, size_t, void*) {
  auto& board = *reinterpret_cast<Board*>(arg);
  for (uint64_t unit = start; unit < end; ++unit) ++board.units[unit];
  test::RandomWork(test::Hash(start));
  board.done += end - start;
  return start <= board.fails_at && board.fails_at < end ? -EIO : 0;
}

// An event loop with an instance, on a thread of its own.
class Series {
 public:
  Series(uint64_t id, uint64_t rounds) : random_(test::Seed() + id), rounds_(rounds) {
    padata_function description = test::Describe(nullptr);
    description.kind = PADATA_KIND_RANGE;
    description.range = Mark;
    mark_ = engine_.loop().environment().AddFunction(description);
    nothing_ = engine_.Accept(test::Nothing);
  }

  void Run() {
    Port port(engine_.loop(), engine_.instance(), [](Job&, uint64_t) {});
    for (uint64_t round = 0; round < rounds_; ++round, ++progress_) {
      for (uint64_t i = random_() % 20; i != 0; --i) port.Submit({.parallel = nothing_});
      if (random_() % 3 == 0) ChangeMask();
      random_() % 2 == 0 ? One() : Several();
    }
    engine_.instance().SetCpumask(CpumaskType::kParallel, test::AllowedCpus());
    engine_.loop().RunUntil([&] { return port.pending() == 0; });
  }

  uint64_t progress() const { return progress_; }
  uint64_t faults() const { return faults_; }

 private:
  // Never empty at the end of a call: a job without a caller would wait.
  void ChangeMask() {
    const CpuMask masks[] = {{test::FirstCpu()}, {test::SecondCpu()}, test::AllowedCpus()};
    if (random_() % 4 == 0) engine_.instance().SetCpumask(CpumaskType::kParallel, {});
    engine_.instance().SetCpumask(CpumaskType::kParallel, masks[random_() % 3]);
  }

  MtDescription Any(Board& board, bool has_caller) {
    MtDescription job;
    job.request = {.start = random_() % 100,
                   .size = random_() % 2000,
                   .align = 1 + random_() % 16,
                   .min_chunk = 1 + random_() % 64,
                   .max_threads = 1 + random_() % 40};
    job.function = mark_;
    job.arg = reinterpret_cast<uint8_t*>(&board);
    job.has_caller = has_caller;
    job.starter_cpu = test::FirstCpu();
    job.is_numa_aware = random_() % 4 == 0;
    job.nodes = NumaNodes({{0, {test::FirstCpu()}}, {1, {test::SecondCpu()}}});
    if (job.is_numa_aware) job.placement = {{{50, 300}, 0}, {{310, 900}, 1}};
    board.units.assign(job.request.start + job.request.size, 0);
    if (random_() % 8 == 0) board.fails_at = random_() % 2000;
    return job;
  }

  void Check(const Board& board, const MtJob& job, bool was_stopped) {
    const auto& [start, size, align, min_chunk, max_threads] = job.description().request;
    const bool fails = board.fails_at >= start && board.fails_at < start + size;
    if (std::ranges::any_of(board.units, [](auto times) { return times > 1; })) ++faults_;
    const auto count = std::count(board.units.begin(), board.units.end(), 1);
    if (static_cast<uint64_t>(count) != board.done) ++faults_;
    if (!was_stopped && !fails && board.done != size) ++faults_;
    if (!was_stopped && fails != !job.failures().empty()) ++faults_;
    if (job.failures().empty() && job.units_done() != board.done) ++faults_;
  }

  // With a caller, perhaps in slices, with changes of the mask in between.
  void One() {
    Board board;
    MtDescription description = Any(board, true);
    const auto job = engine_.instance().StartMt(std::move(description));
    const bool is_stopped = random_() % 8 == 0;
    while (!engine_.instance().TakePart(*job, random_() % 3 == 0 ? 1000 : 1'000'000'000)) {
      ChangeMask();
      if (is_stopped) engine_.instance().StopMt(*job);
    }
    Check(board, *job, is_stopped);
  }

  // Without callers, several at once.
  void Several() {
    std::vector<std::unique_ptr<Board>> boards;
    std::vector<RefPtr<MtJob>> jobs;
    std::vector<bool> stopped;
    for (uint64_t i = random_() % 4 + 1; i != 0; --i) {
      boards.push_back(std::make_unique<Board>());
      jobs.push_back(engine_.instance().StartMt(Any(*boards.back(), false)));
      stopped.push_back(random_() % 8 == 0);
      if (stopped.back()) engine_.instance().StopMt(*jobs.back());
      ChangeMask();
    }
    engine_.loop().RunUntil(
        [&] { return std::all_of(jobs.begin(), jobs.end(), [](const auto& job) { return job->IsDone(); }); });
    for (size_t i = 0; i < jobs.size(); ++i) Check(*boards[i], *jobs[i], stopped[i]);
  }

  Engine engine_;
  Random random_;
  const uint64_t rounds_;
  NativeFunction* mark_;
  NativeFunction* nothing_;
  std::atomic<uint64_t> progress_{0};
  std::atomic<uint64_t> faults_{0};
};

TEST(MtStress, EveryUnitOnceUnderChangingMasks) {
  constexpr uint64_t kSeries = 3;
  std::vector<std::unique_ptr<Series>> all(kSeries);
  std::atomic<uint64_t> ready{0};
  {
    std::vector<std::jthread> threads;
    for (uint64_t id = 0; id < kSeries; ++id) {
      threads.emplace_back([&, id] {
        all[id] = std::make_unique<Series>(id, test::Scaled(20'000, 300));
        ready.fetch_add(1);
        ready.notify_all();
        all[id]->Run();
      });
    }
    while (ready < kSeries) ready.wait(ready);
    const test::Watchdog watchdog([&] {
      std::string text;
      for (const auto& each : all) text += std::to_string(each->progress()) + " ";
      return text;
    });
    threads.clear();
  }
  for (const auto& each : all) EXPECT_EQ(each->faults(), 0u);
}

// Close() in the middle of everything: when it returns nobody touches the memory any more.
TEST(MtStress, CloseTakesTheMemoryAway) {
  Random random(test::Seed() + 7);
  for (uint64_t round = 0; round < test::Scaled(3'000, 100); ++round) {
    Engine engine;
    padata_function description = test::Describe(nullptr);
    description.kind = PADATA_KIND_RANGE;
    description.range = Mark;
    MtDescription job;
    job.function = engine.loop().environment().AddFunction(description);
    job.request = {.size = 4000, .max_threads = 100};
    std::vector<std::unique_ptr<Board>> boards;
    for (int i = 0; i < 3; ++i) {
      boards.push_back(std::make_unique<Board>());
      boards.back()->units.resize(4000);
      job.arg = reinterpret_cast<uint8_t*>(boards.back().get());
      job.has_caller = i == 2;
      const auto started = engine.instance().StartMt(job);
      if (i == 2) engine.instance().TakePart(*started, random() % 20'000);
    }
    test::Work(random() % 20'000);
    engine.Close();
    const uint64_t done = boards[0]->done + boards[1]->done + boards[2]->done;
    boards.clear();  // AddressSanitizer sees who comes late
    ASSERT_LE(done, 12'000u);
  }
}

}  // namespace
}  // namespace padata
