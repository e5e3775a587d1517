// CPU sources: injected sysfs trees, whole and broken, and the machine of the test itself. SPDX-License-Identifier: MIT
#include "core/cpu_sources.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <list>
#include <thread>
#include <vector>

#include "core/cpumask_text.h"
#include "core/pinned_thread.h"

namespace padata {
namespace {

class CpuSourcesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "padata-sysfs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const char* name, const std::string& text) { std::ofstream(root_ / name) << text; }
  void WriteAll(const std::string& text) {
    for (const char* name : {"possible", "present", "online"}) Write(name, text);
  }
  CpuSources Sources(const CpuMask& allowed) const {
    return CpuSources(root_, [allowed] { return allowed; });
  }

  std::filesystem::path root_;
};

const CpuMask& CountedCpus() {
  static const CpuMask counted = CpuMask::FirstCpus(static_cast<int>(sysconf(_SC_NPROCESSORS_CONF)));
  return counted;
}

TEST_F(CpuSourcesTest, TreesOfManySizes) {
  for (int count : {1, 2, 64, 65, 512, 8192}) {
    SCOPED_TRACE(count);
    WriteAll(count == 1 ? "0\n" : "0-" + std::to_string(count - 1) + "\n");
    const CpuSources sources = Sources({0});
    EXPECT_EQ(sources.Possible(), CpuMask::FirstCpus(count));
    EXPECT_EQ(sources.Present(), CpuMask::FirstCpus(count));
    EXPECT_EQ(sources.Online(), CpuMask::FirstCpus(count));
    EXPECT_EQ(sources.Allowed(), CpuMask{0});
    EXPECT_EQ(sources.NrCpuIds(), count);
  }
}

TEST_F(CpuSourcesTest, SparseTree) {
  Write("possible", "0-15,64-79,8190\n");
  Write("present", "0-7,64-71\n");
  Write("online", "1,3,64\n");
  const CpuSources sources = Sources({3, 64});
  EXPECT_EQ(FormatList(sources.Possible()), "0-15,64-79,8190");
  EXPECT_EQ(FormatList(sources.Present()), "0-7,64-71");
  EXPECT_EQ(FormatList(sources.Online()), "1,3,64");
  EXPECT_EQ(sources.NrCpuIds(), 8191);
}

TEST_F(CpuSourcesTest, EverySecondOfManyCpus) {
  std::string list;
  for (int cpu = 0; cpu < kMaxCpus; cpu += 2) list += std::to_string(cpu) + ",";
  WriteAll(list + "\n");
  EXPECT_EQ(Sources({0}).Possible().Weight(), kMaxCpus / 2);
}

TEST_F(CpuSourcesTest, ReadsAfreshAtEachCall) {
  WriteAll("0-3\n");
  const CpuSources sources = Sources({0});
  EXPECT_EQ(FormatList(sources.Online()), "0-3");
  Write("online", "0-1,3\n");
  EXPECT_EQ(FormatList(sources.Online()), "0-1,3");
}

TEST_F(CpuSourcesTest, MissingFilesFallBack) {
  const CpuSources sources = Sources({1, 9});
  EXPECT_EQ(sources.Online(), (CpuMask{1, 9}));
  EXPECT_EQ(sources.Present(), (CpuMask{1, 9}));
  EXPECT_EQ(sources.Possible(), CountedCpus().Or({1, 9}));
  const CpuSources nowhere(root_ / "no/such/folder", [] { return CpuMask{2}; });
  EXPECT_EQ(nowhere.Online(), CpuMask{2});
  EXPECT_EQ(nowhere.Possible(), CountedCpus().Or({2}));
}

TEST_F(CpuSourcesTest, BrokenFilesFallBack) {
  const std::string broken[] = {"",
                                "\n",
                                "garbage\n",
                                "0-\n",
                                "3-1\n",
                                "-1",
                                "x0",
                                "0-3:0/0\n",
                                "0-4294967295\n",
                                std::string("\0\0\0", 3),
                                std::string(1024 * 1024, ' '),
                                std::string(1024 * 1024, '7'),
                                "0-3" + std::string(600 * 1024, ',')};
  for (const std::string& text : broken) {
    SCOPED_TRACE(testing::PrintToString(text.substr(0, 40)));
    WriteAll(text);
    const CpuSources sources = Sources({1, 9});
    EXPECT_EQ(sources.Online(), (CpuMask{1, 9}));
    EXPECT_EQ(sources.Present(), (CpuMask{1, 9}));
    EXPECT_EQ(sources.Possible(), CountedCpus().Or({1, 9}));
  }
}

TEST_F(CpuSourcesTest, FoldersAndFifosInPlaceOfFilesFallBack) {
  std::filesystem::create_directory(root_ / "online");
  ASSERT_EQ(mkfifo((root_ / "present").c_str(), 0600), 0);  // a read that waits would hang here
  std::filesystem::create_symlink("possible", root_ / "possible");
  const CpuSources sources = Sources({9});
  EXPECT_EQ(sources.Online(), CpuMask{9});
  EXPECT_EQ(sources.Present(), CpuMask{9});
  EXPECT_EQ(sources.Possible(), CountedCpus().Or({9}));
}

// A container may be shown other CPUs than it runs on; the scheduler is right.
TEST_F(CpuSourcesTest, WhatIsAllowedIsAlwaysOnlinePresentAndPossible) {
  WriteAll("0-1\n");
  Write("possible", "0-3\n");
  const CpuSources sources = Sources({1, 5});
  EXPECT_EQ(FormatList(sources.Online()), "0-1,5");
  EXPECT_EQ(FormatList(sources.Present()), "0-1,5");
  EXPECT_EQ(FormatList(sources.Possible()), "0-3,5");
  EXPECT_EQ(sources.NrCpuIds(), 6);
}

TEST(CpuSources, ThisMachine) {
  const CpuSources sources;
  const CpuMask allowed = sources.Allowed();
  EXPECT_FALSE(allowed.IsEmpty());
  EXPECT_TRUE(allowed.AndNot(sources.Online()).IsEmpty());
  EXPECT_TRUE(sources.Online().AndNot(sources.Present()).IsEmpty());
  EXPECT_TRUE(sources.Present().AndNot(sources.Possible()).IsEmpty());
  EXPECT_EQ(sources.NrCpuIds(), sources.Possible().Last() + 1);
}

// Sets the affinity of a thread, and restores it at the end of the scope. 0 is the calling thread.
class ScopedAffinity {
 public:
  ScopedAffinity(pid_t tid, int cpu) : tid_(tid) {
    EXPECT_EQ(sched_getaffinity(tid, sizeof(before_), &before_), 0);
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    EXPECT_EQ(sched_setaffinity(tid, sizeof(only), &only), 0);
  }
  ~ScopedAffinity() { sched_setaffinity(tid_, sizeof(before_), &before_); }
  ScopedAffinity(const ScopedAffinity&) = delete;
  ScopedAffinity& operator=(const ScopedAffinity&) = delete;

 private:
  pid_t tid_;
  cpu_set_t before_;
};

// The ids of the threads of this process that padata has not pinned.
std::vector<pid_t> OrdinaryThreads() {
  std::vector<pid_t> tids;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const auto tid = static_cast<pid_t>(std::stol(task.path().filename()));
    if (!IsPinnedThread(tid)) tids.push_back(tid);
  }
  return tids;
}

class ProcessAffinityTest : public testing::Test {
 protected:
  void SetUp() override {
    if (all_.Weight() < 2) GTEST_SKIP() << "needs two CPUs: with one, a pinned thread looks like any other";
  }
  const CpuMask all_ = ProcessAffinity();
};

TEST_F(ProcessAffinityTest, APinnedThreadThatAsksLearnsOfAllCpus) {
  CpuMask seen;
  std::thread([&] {
    const ScopedAffinity pinned(0, all_.Last());
    seen = ProcessAffinity();
  }).join();
  EXPECT_EQ(seen, all_);
}

TEST_F(ProcessAffinityTest, APinnedMainThreadTakesNothingAway) {
  std::latch done(1);
  std::thread other([&done] { done.wait(); });
  {
    const ScopedAffinity pinned(getpid(), all_.Last());
    EXPECT_EQ(ProcessAffinity(), all_);
  }
  done.count_down();
  other.join();
}

TEST_F(ProcessAffinityTest, ThreadsThatPadataHasPinnedDoNotCount) {
  const auto sleep = [] {
    while (true) pause();
  };
  ASSERT_EQ(StartPinnedThread(all_.First(), "padata/x", sleep), 0);
  std::list<ScopedAffinity> pinned;
  for (pid_t tid : OrdinaryThreads()) pinned.emplace_back(tid, all_.Last());
  EXPECT_EQ(ProcessAffinity(), CpuMask{all_.Last()});
}

TEST_F(ProcessAffinityTest, ThreadsMayComeAndGo) {
  std::atomic<bool> stop{false};
  std::thread busy([&stop] {
    while (!stop) std::thread([] {}).join();
  });
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(ProcessAffinity(), all_);
  stop = true;
  busy.join();
}

}  // namespace
}  // namespace padata
