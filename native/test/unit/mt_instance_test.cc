// Multithreaded jobs on pinned threads: where chunks run, with a caller and without, across changes of the masks, stops and ends.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/cpu_watcher.h"
#include "support/ranges.h"
#include "support/stress.h"

namespace padata {
namespace {

using test::AllowedCpus;
using test::Engine;
using test::FirstCpu;
using test::HasTwoCpus;
using test::kForEver;
using test::Port;
using test::Ranges;
using test::RunMt;
using test::SecondCpu;

MtDescription Of(const Ranges& ranges, MtRequest request, bool has_caller = false) {
  MtDescription description;
  description.request = request;
  description.function = ranges.function();
  description.has_caller = has_caller;
  if (has_caller) description.starter_cpu = FirstCpu();
  return description;
}

// A door for chunks.
class Door {
 public:
  int32_t Enter() {
    entered_.fetch_add(1);
    entered_.notify_all();
    is_open_.wait(false);
    return 0;
  }
  void AwaitEntered(uint32_t calls) const {
    for (uint32_t now = entered_; now < calls; now = entered_) entered_.wait(now);
  }
  void Open() {
    is_open_ = true;
    is_open_.notify_all();
  }

 private:
  std::atomic<uint32_t> entered_{0};
  std::atomic<bool> is_open_{false};
};

class MtInstanceTest : public testing::TestWithParam<bool> {};  // whether there is a caller
INSTANTIATE_TEST_SUITE_P(Both, MtInstanceTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "WithCaller" : "WithoutCaller"; });

TEST_P(MtInstanceTest, AnyJobIsDoneInExactlyItsChunks) {
  Engine engine;
  test::Random random(test::Seed());
  for (uint64_t round = 0; round < test::Scaled(2'000, 100); ++round) {
    Ranges ranges(engine.loop());
    const MtRequest request = {.start = random() % 1000,
                               .size = random() % 5000,
                               .align = 1 + random() % 50,
                               .min_chunk = 1 + random() % 100,
                               .max_threads = 1 + random() % 20};
    const auto job = RunMt(engine, Of(ranges, request, GetParam()));
    ASSERT_TRUE(ranges.AreExactly(job->plan()));
    ASSERT_EQ(job->units_done(), request.size);
    ASSERT_TRUE(job->failures().empty());
    ASSERT_EQ(engine.instance().mt().size(), 0u);
  }
}

TEST_P(MtInstanceTest, AnEmptyRangeCallsNothing) {
  Engine engine;
  Ranges ranges(engine.loop());
  RunMt(engine, Of(ranges, {.start = 3, .size = 0, .max_threads = 4}, GetParam()));
  EXPECT_TRUE(ranges.calls().empty());
}

TEST_P(MtInstanceTest, AFailureEndsItAndIsTold) {
  Engine engine;
  Ranges ranges(engine.loop(), [](const MtRange& units) { return units.start >= 500 ? -EIO : 0; });
  const auto job = RunMt(engine, Of(ranges, {.size = 1000, .max_threads = 10}, GetParam()));
  const auto failures = job->failures();
  ASSERT_FALSE(failures.empty());
  for (const auto& failure : failures) {
    EXPECT_EQ(failure.status, -EIO);
    EXPECT_GE(failure.units.start, 500u);
  }
  EXPECT_LT(ranges.calls().size(), job->plan().chunks());
}

TEST(MtInstanceTest, WithoutACallerChunksRunOnUsableCpusOnly) {
  for (int cpu : {FirstCpu(), SecondCpu()}) {
    Engine engine({{cpu}, AllowedCpus()});
    Ranges ranges(engine.loop());
    RunMt(engine, Of(ranges, {.size = 1000, .max_threads = 8}));
    EXPECT_EQ(ranges.cpus(), CpuMask{cpu});
  }
}

// Each chunk waits until others run too: only as many threads as there are CPUs get it done.
TEST(MtInstanceTest, ThreadsOfAllUsableCpusTakePart) {
  if (!HasTwoCpus()) GTEST_SKIP() << "one CPU only";
  Engine engine({{FirstCpu(), SecondCpu()}, AllowedCpus()});
  std::atomic<int> inside{0};
  Ranges ranges(engine.loop(), [&](const MtRange&) {
    inside.fetch_add(1);
    SpinUntil([&] { return inside.load() >= 2; });
    return 0;
  });
  RunMt(engine, Of(ranges, {.size = 100, .max_threads = 2}));
  EXPECT_EQ(ranges.cpus(), (CpuMask{FirstCpu(), SecondCpu()}));
}

TEST(MtInstanceTest, ACallerAndAHelperWorkTogether) {
  if (!HasTwoCpus()) GTEST_SKIP() << "one CPU only";
  Engine engine;
  std::atomic<int> inside{0};
  Ranges ranges(engine.loop(), [&](const MtRange&) {
    inside.fetch_add(1);
    SpinUntil([&] { return inside.load() >= 2; });
    return 0;
  });
  const auto job = RunMt(engine, Of(ranges, {.size = 100, .max_threads = 2}, true));
  EXPECT_TRUE(ranges.AreExactly(job->plan()));
}

TEST(MtInstanceTest, NeverMoreThreadsThanWorkers) {
  Engine engine;
  std::atomic<int> inside{0};
  std::atomic<bool> were_too_many{false};
  Ranges ranges(engine.loop(), [&](const MtRange&) {
    if (inside.fetch_add(1) >= 2) were_too_many = true;
    test::Work(1000);
    inside.fetch_sub(1);
    return 0;
  });
  MtDescription job = Of(ranges, {.size = 1000, .max_threads = 2}, true);
  job.starter_cpu = -1;  // helpers may come on every CPU
  for (uint64_t i = 0; i < test::Scaled(2'000); ++i) RunMt(engine, job);
  EXPECT_FALSE(were_too_many);
}

TEST(MtInstanceTest, ACallerWithoutUsableCpusDoesItAlone) {
  Engine engine({CpuMask(), AllowedCpus()});
  Ranges ranges(engine.loop());
  const auto job = RunMt(engine, Of(ranges, {.size = 1000, .max_threads = 8}, true));
  EXPECT_TRUE(ranges.AreExactly(job->plan()));
}

TEST(MtInstanceTest, WithoutUsableCpusAJobWaitsForThem) {
  Engine engine({CpuMask(), AllowedCpus()});
  Ranges ranges(engine.loop());
  const auto job = engine.instance().StartMt(Of(ranges, {.size = 1000, .max_threads = 8}));
  EXPECT_FALSE(job->AwaitDone(2'000'000));
  EXPECT_TRUE(ranges.calls().empty());
  engine.instance().SetCpumask(CpumaskType::kParallel, {SecondCpu()});
  engine.loop().RunUntil([&] { return job->IsDone(); });
  EXPECT_EQ(ranges.cpus(), CpuMask{SecondCpu()});
}

TEST(MtInstanceTest, AThreadThatLeavesTheMaskBeginsNoFurtherChunk) {
  if (!HasTwoCpus()) GTEST_SKIP() << "one CPU only";
  Engine engine({{FirstCpu()}, AllowedCpus()});
  Door door;
  Ranges ranges(engine.loop(), [&](const MtRange& units) { return units.start == 0 ? door.Enter() : 0; });
  const auto job = engine.instance().StartMt(Of(ranges, {.size = 80, .max_threads = 2}));
  door.AwaitEntered(1);
  engine.instance().SetCpumask(CpumaskType::kParallel, {SecondCpu()});
  SpinUntil([&] { return job->units_done() == 70; });  // the other CPU does all the rest
  EXPECT_FALSE(job->IsDone());
  door.Open();
  engine.loop().RunUntil([&] { return job->IsDone(); });
  const auto calls = ranges.calls();
  ASSERT_TRUE(ranges.AreExactly(job->plan()));
  EXPECT_EQ(calls[0].cpu, FirstCpu());
  for (size_t i = 1; i < calls.size(); ++i) EXPECT_EQ(calls[i].cpu, SecondCpu());
}

// Invariant 4. One chunk may be past the check, and about to call the function.
TEST(MtInstanceTest, NoChunkBeginsOnceTheMaskWasChanged) {
  Engine engine;
  std::atomic<uint64_t> begun{0};
  padata_function description = test::Describe(nullptr, &begun);
  description.kind = PADATA_KIND_RANGE;
  description.range = [](uint64_t, uint64_t, uint8_t*, size_t, void* ctx) {
    static_cast<std::atomic<uint64_t>*>(ctx)->fetch_add(1);
    return 0;
  };
  MtDescription job;
  job.request = {.size = 100'000, .max_threads = 100'000};
  job.function = engine.loop().environment().AddFunction(description);
  for (uint64_t round = 0; round < test::Scaled(300, 20); ++round) {
    begun = 0;
    engine.instance().SetCpumask(CpumaskType::kParallel, {SecondCpu()});
    const auto started = engine.instance().StartMt(job);
    SpinUntil([&] { return begun.load() > round % 100; });
    engine.instance().SetCpumask(CpumaskType::kParallel, {});
    const uint64_t before = begun;
    started->AwaitDone(50'000);
    ASSERT_LE(begun, before + 1);
    engine.instance().StopMt(*started);
    ASSERT_TRUE(started->AwaitDone(kForEver));
  }
}

TEST(MtInstanceTest, ACpuThatComesJoins) {
  if (!HasTwoCpus()) GTEST_SKIP() << "one CPU only";
  Engine engine({{FirstCpu()}, AllowedCpus()});
  Door door;
  Ranges ranges(engine.loop(), [&](const MtRange&) { return door.Enter(); });
  const auto job = engine.instance().StartMt(Of(ranges, {.size = 80, .max_threads = 2}));
  door.AwaitEntered(1);
  engine.instance().SetCpumask(CpumaskType::kParallel, {FirstCpu(), SecondCpu()});
  door.AwaitEntered(2);
  door.Open();
  engine.loop().RunUntil([&] { return job->IsDone(); });
  EXPECT_TRUE(ranges.AreExactly(job->plan()));
}

TEST(MtInstanceTest, AStoppedJobIsDoneWhenItsChunksHaveEnded) {
  Engine engine({{SecondCpu()}, AllowedCpus()});
  Door door;
  Ranges ranges(engine.loop(), [&](const MtRange&) { return door.Enter(); });
  const auto job = engine.instance().StartMt(Of(ranges, {.size = 80, .max_threads = 2}));
  door.AwaitEntered(1);
  engine.instance().StopMt(*job);
  EXPECT_FALSE(job->IsDone());
  door.Open();
  engine.loop().RunUntil([&] { return job->IsDone(); });
  EXPECT_EQ(ranges.calls().size(), 1u);
  EXPECT_LT(job->units_done(), 80u);
}

TEST(MtInstanceTest, ACallerComesBackWhenItsTimeIsUp) {
  Engine engine({CpuMask(), AllowedCpus()});
  Ranges ranges(engine.loop(), [](const MtRange&) {
    test::Work(1000);
    return 0;
  });
  const auto job = engine.instance().StartMt(Of(ranges, {.size = 80, .max_threads = 2}, true));
  int slices = 1;
  while (!engine.instance().TakePart(*job, 0)) ++slices;
  EXPECT_GE(slices, 8);
  EXPECT_TRUE(ranges.AreExactly(job->plan()));
}

TEST(MtInstanceTest, ACallerWaitsForItsHelpers) {
  if (!HasTwoCpus()) GTEST_SKIP() << "one CPU only";
  Engine engine({{SecondCpu()}, AllowedCpus()});
  Door door;
  const auto main = std::this_thread::get_id();
  Ranges ranges(engine.loop(), [&](const MtRange&) {
    if (std::this_thread::get_id() == main) {
      door.AwaitEntered(1);
      return 0;
    }
    return door.Enter();
  });
  const auto job = engine.instance().StartMt(Of(ranges, {.size = 80, .max_threads = 2}, true));
  do {
    EXPECT_FALSE(engine.instance().TakePart(*job, 3'000'000));
  } while (job->units_done() < 70);  // however long the caller needs for them
  EXPECT_EQ(job->units_done(), 70u);
  door.Open();
  EXPECT_TRUE(engine.instance().TakePart(*job, kForEver));
  EXPECT_TRUE(ranges.AreExactly(job->plan()));
}

// The memory that chunks work on goes away after Close().
TEST(MtInstanceTest, CloseWaitsForChunksThatRunAndNoneBegins) {
  Engine engine({{SecondCpu()}, AllowedCpus()});
  Door door;
  std::atomic<bool> has_ended{false};
  Ranges ranges(engine.loop(), [&](const MtRange&) {
    door.Enter();
    test::Work(100'000);
    has_ended = true;
    return 0;
  });
  const auto running = engine.instance().StartMt(Of(ranges, {.size = 80, .max_threads = 2}));
  const auto with_caller = engine.instance().StartMt(Of(ranges, {.size = 80, .max_threads = 1}, true));
  door.AwaitEntered(1);
  std::thread opener([&] { door.Open(); });
  engine.Close();
  EXPECT_TRUE(has_ended);
  EXPECT_TRUE(running->IsDone());
  EXPECT_TRUE(with_caller->IsDone());
  EXPECT_EQ(ranges.calls().size(), 1u);
  opener.join();
}

// Jobs of shells go on while chunks are taken on their only CPU, and the other way round.
TEST(MtInstanceTest, ChunksAndSerializedJobsShareACpu) {
  Engine engine({{SecondCpu()}, AllowedCpus()});
  std::atomic<uint64_t> jobs_seen{0};
  std::atomic<uint64_t> chunks_seen{0};
  uint64_t submitted = 0;
  Port* shell = nullptr;
  NativeFunction* const nothing = engine.Accept(test::Nothing);
  Port port(engine.loop(), engine.instance(), [&](Job&, uint64_t) {
    jobs_seen.fetch_add(1);
    if (chunks_seen.load() < 400) shell->Submit({.parallel = nothing, .info = submitted++});
  });
  shell = &port;
  uint64_t jobs_in_between = 0;
  uint64_t last = 0;
  Ranges ranges(engine.loop(), [&](const MtRange&) {
    const uint64_t begin = MonotonicNs();
    while (MonotonicNs() - begin < 50'000) {
    }
    const uint64_t seen = jobs_seen.load();
    if (seen != std::exchange(last, seen)) ++jobs_in_between;
    chunks_seen.fetch_add(1);
    return 0;
  });
  for (int i = 0; i < 64; ++i) port.Submit({.parallel = nothing, .info = submitted++});
  const auto job = engine.instance().StartMt(Of(ranges, {.size = 400, .max_threads = 100}));
  engine.loop().RunUntil([&] { return job->IsDone() && port.pending() == 0; });
  EXPECT_GT(jobs_in_between, 20u);
}

TEST(MtInstanceTest, JobsOfSeveralInstancesAdvanceTogether) {
  std::array<std::unique_ptr<Engine>, 3> engines;
  std::array<std::unique_ptr<Ranges>, 3> ranges;
  std::array<RefPtr<MtJob>, 3> jobs;
  // How far the others were when the first one was at its half.
  std::array<uint64_t, 3> at_half{};
  for (size_t i = 0; i < 3; ++i) {
    engines[i] = std::make_unique<Engine>(Cpumasks{{SecondCpu()}, AllowedCpus()});
    ranges[i] = std::make_unique<Ranges>(engines[i]->loop(), [&, i](const MtRange& units) {
      const uint64_t begin = MonotonicNs();
      while (MonotonicNs() - begin < 30'000) {
      }
      if (i == 0 && units.start == 200) {
        for (size_t other = 1; other < 3; ++other) at_half[other] = jobs[other]->units_done();
      }
      return 0;
    });
  }
  // Nobody begins before all are there.
  Door door;
  Ranges first(engines[0]->loop(), [&](const MtRange&) { return door.Enter(); });
  const auto gate = engines[0]->instance().StartMt(Of(first, {.size = 1, .max_threads = 1}));
  door.AwaitEntered(1);
  for (size_t i = 0; i < 3; ++i) {
    jobs[i] = engines[i]->instance().StartMt(Of(*ranges[i], {.size = 400, .max_threads = 100}));
  }
  door.Open();
  for (size_t i = 0; i < 3; ++i) engines[i]->loop().RunUntil([&] { return jobs[i]->IsDone(); });
  for (size_t other = 1; other < 3; ++other) {
    EXPECT_GT(at_half[other], 100u);
    EXPECT_LT(at_half[other], 300u);
  }
}

TEST(MtInstanceTest, ThePartsAreTheArgumentOfAFunctionThatTakesThem) {
  Engine engine;
  std::array<uint8_t, 3> first{1, 2, 3};
  std::array<uint8_t, 2> second{};
  padata_function description = test::Describe(nullptr);
  description.kind = PADATA_KIND_RANGE;
  description.flags = PADATA_TAKES_PARTS;
  description.range = [](uint64_t, uint64_t, uint8_t* arg, size_t arg_size, void*) {
    const auto* parts = reinterpret_cast<const padata_part*>(arg);
    if (arg_size != 2 * sizeof(padata_part) || parts[0].size != 3 || parts[1].size != 2) return -EINVAL;
    parts[1].bytes[1] = parts[0].bytes[2];
    return 0;
  };
  MtDescription job;
  job.request = {.size = 1};
  job.function = engine.loop().environment().AddFunction(description);
  job.parts = {{first.data(), first.size()}, {second.data(), second.size()}};
  EXPECT_TRUE(RunMt(engine, job)->failures().empty());
  EXPECT_EQ(second[1], 3);
}

}  // namespace
}  // namespace padata
