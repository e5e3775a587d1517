// What follows the machine: uevents, usable masks over injected sysfs trees, pins that are lost, and the thread that looks.
#include "core/cpu_watcher.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "core/cpu_uevents.h"
#include "core/cpumask_text.h"
#include "core/pinned_thread.h"
#include "core/sync.h"
#include "support/engine.h"

namespace padata {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using test::AllowedCpus;
using test::Engine;
using test::FirstCpu;
using test::Loop;
using test::Port;
using test::SecondCpu;

constexpr int kNever = 3'600'000;

template <typename Predicate>
bool Eventually(Predicate predicate) {
  for (int i = 0; i < 20'000 && !predicate(); ++i) std::this_thread::sleep_for(1ms);
  return predicate();
}

TEST(CpuUeventsTest, AboutCpus) {
  EXPECT_TRUE(CpuUevents::IsAboutCpu(
      "offline@/devices/system/cpu/cpu2\0ACTION=offline\0DEVPATH=/devices/system/cpu/cpu2\0SUBSYSTEM=cpu\0SEQNUM=611\0"sv));
  EXPECT_TRUE(CpuUevents::IsAboutCpu("add@/devices/system/cpu/cpu3\0SUBSYSTEM=cpu"sv)) << "without the last NUL";
  EXPECT_FALSE(
      CpuUevents::IsAboutCpu("offline@/devices/system/machinecheck/machinecheck2\0SUBSYSTEM=machinecheck\0"sv));
  EXPECT_FALSE(CpuUevents::IsAboutCpu("x\0SUBSYSTEM=cpuidle\0"sv));
  EXPECT_FALSE(CpuUevents::IsAboutCpu("x\0NOT_SUBSYSTEM=cpu\0"sv));
  EXPECT_FALSE(CpuUevents::IsAboutCpu(""sv));
  EXPECT_FALSE(CpuUevents::IsAboutCpu("\0\0\0"sv));
}

TEST(CpuUeventsTest, NothingToTakeIsNotAnEvent) {
  CpuUevents uevents;
  EXPECT_FALSE(uevents.fd() >= 0 && uevents.Drain());
}

// An instance over a sysfs tree of its own, in which every CPU of the tree is allowed.
class FollowTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "padata-sysfs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override {
    if (instance_) instance_->Close();
    std::filesystem::remove_all(root_);
  }

  void Write(const char* name, const std::string& text) { std::ofstream(root_ / name) << text; }
  void SetOnline(const std::string& list) {
    Write("online", list + "\n");
    online_ = ParseList(list).mask;
  }
  // What is allowed is part of what is online, as the scheduler has it.
  void Create(const std::string& possible, Cpumasks masks) {
    Write("possible", possible + "\n");
    Write("present", possible + "\n");
    SetOnline(possible);
    CpuSources sources(root_, [this] { return online_; });
    ASSERT_EQ(Instance::Create(loop_.environment(), "test", std::move(masks), std::move(sources), &instance_, kNever),
              0);
  }
  void Follow(const CpuMask& unpinned = {}) { instance_->Follow(CpuMask(), unpinned); }
  bool WasTold() { return loop_.environment().control().masks_changed.exchange(0) != 0; }
  uint32_t flags() { return instance_->control().flags; }

  std::filesystem::path root_;
  CpuMask online_;
  Loop loop_;
  RefPtr<Instance> instance_;
};

// CPU 0 is in each of these trees and on each machine, so there is always a thread.
TEST_F(FollowTest, TreesOfManySizes) {
  for (int count : {1, 2, 64, 65, 512, 8192}) {
    SCOPED_TRACE(count);
    const CpuMask all = CpuMask::FirstCpus(count);
    Create(count == 1 ? "0" : "0-" + std::to_string(count - 1), {all, all});
    EXPECT_EQ(instance_->usable(), (Cpumasks{all, all}));
    SetOnline("0");
    Follow();
    EXPECT_EQ(instance_->usable(), (Cpumasks{{0}, {0}}));
    EXPECT_EQ(WasTold(), count != 1);
    SetOnline(count == 1 ? "0" : "0," + std::to_string(count - 1));
    Follow();
    EXPECT_EQ(instance_->usable().parallel, (CpuMask{0, count - 1}));
    Follow();
    EXPECT_EQ(WasTold(), count != 1);
    Follow();
    EXPECT_FALSE(WasTold()) << "nothing has changed";
    instance_->Close();
    instance_ = {};
  }
}

TEST_F(FollowTest, ASparseTree) {
  Create("0,2-3,7", {CpuMask::FirstCpus(kMaxCpus), {2, 7}});
  EXPECT_EQ(instance_->usable(), (Cpumasks{{0, 2, 3, 7}, {2, 7}}));
  SetOnline("0,3");
  Follow();
  EXPECT_EQ(instance_->usable(), (Cpumasks{{0, 3}, {}}));
  EXPECT_EQ(flags(), Instance::kInvalid);
  SetOnline("0,2-3,7");
  Follow();
  EXPECT_EQ(instance_->usable(), (Cpumasks{{0, 2, 3, 7}, {2, 7}}));
  EXPECT_EQ(flags(), 0u) << "it runs again by itself";
}

// The scheduler is believed where the files are of no use: what is allowed is online.
TEST_F(FollowTest, BrokenTrees) {
  Create("0-3", {CpuMask::FirstCpus(8), CpuMask::FirstCpus(8)});
  for (const char* text : {"", "\n", "garbage", "3-1", "0-", "99999999999", "\xff\xff"}) {
    SCOPED_TRACE(text);
    Write("online", text);
    Follow();
    EXPECT_EQ(instance_->usable().parallel, online_);
  }
  for (const char* name : {"online", "present", "possible"}) std::filesystem::remove(root_ / name);
  Follow();
  EXPECT_EQ(instance_->usable().parallel, online_);
  std::filesystem::remove_all(root_);
  Follow();
  EXPECT_EQ(instance_->usable().parallel, online_);
}

TEST_F(FollowTest, CpusWithoutPinAreNotUsable) {
  Create("0-3", {{0, 1}, {0, 1, 3}});
  Follow({1});
  EXPECT_EQ(instance_->usable(), (Cpumasks{{0}, {0, 3}}));
  Follow();
  EXPECT_EQ(instance_->usable(), (Cpumasks{{0, 1}, {0, 1, 3}}));
}

// A reader meets the flag only while a change is under way, so it looks until it has; afterwards the flag is down.
TEST_F(FollowTest, OnRequestItSaysThatItIsChangingTheMasks) {
  Create("0-3", {{0, 1}, {0, 1}});
  instance_->RefuseWhileFollowing();
  std::atomic<bool> was_seen{false};
  std::thread reader([&] {
    SpinUntil([&] { return (flags() & Instance::kChanging) != 0; });
    was_seen = true;
  });
  while (!was_seen) {
    Follow({1});
    Follow();
  }
  reader.join();
  EXPECT_EQ(flags(), 0u);
  Follow({0, 1});
  EXPECT_EQ(flags(), Instance::kInvalid);
}

TEST_F(FollowTest, ElseItNeverSaysSo) {
  Create("0-3", {{0, 1}, {0, 1}});
  std::atomic<bool> is_over{false};
  uint32_t seen = 0;
  std::thread reader([&] {
    while (!is_over) seen |= flags();
  });
  for (int i = 0; i < 200; ++i) Follow(i % 2 == 0 ? CpuMask{1} : CpuMask());
  is_over = true;
  reader.join();
  EXPECT_EQ(seen & Instance::kChanging, 0u);
}

TEST_F(FollowTest, AfterCloseNothingIsUsable) {
  Create("0-3", {{0, 1}, {0, 1}});
  const RefPtr<Instance> kept = instance_;
  instance_->Close();
  instance_ = {};
  WasTold();
  kept->Follow(CpuMask(), CpuMask());
  EXPECT_FALSE(WasTold());
  EXPECT_FALSE(kept->MayRun(0));
}

TEST_F(FollowTest, StatsSayWhatIsUsableSinceWhen) {
  Create("0-3", {{0, 1}, {0, 2}});
  const auto since = [this](int cpu) {
    for (const auto& stats : instance_->StatsOfCpus()) {
      if (stats.cpu == cpu) return stats.usable_since_ms;
    }
    return int64_t{-2};
  };
  const int64_t begin = since(0);
  EXPECT_GT(begin, 0);
  EXPECT_GE(since(2), begin) << "the serial mask counts as well";
  EXPECT_EQ(since(3), -2) << "in neither mask";
  SetOnline("0");
  Follow();
  EXPECT_EQ(since(0), begin) << "it never went";
  EXPECT_LT(since(1), 0);
  std::this_thread::sleep_for(2ms);
  SetOnline("0-3");
  Follow();
  EXPECT_GT(since(1), begin);
}

pid_t Tid() { return static_cast<pid_t>(syscall(SYS_gettid)); }

void Wipe(pid_t tid) {
  cpu_set_t all;
  CPU_ZERO(&all);
  for (int cpu : AllowedCpus()) CPU_SET(cpu, &all);
  ASSERT_EQ(sched_setaffinity(tid, sizeof(all), &all), 0);
}

CpuMask AffinityOf(pid_t tid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(sched_getaffinity(tid, sizeof(set), &set), 0);
  CpuMask mask;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) mask.Set(cpu);
  }
  return mask;
}

TEST(PinsTest, AreRestoredAndCounted) {
  if (AllowedCpus().Weight() < 2) GTEST_SKIP() << "one CPU: a pin cannot be lost";
  static std::atomic<pid_t> tid{0};  // the thread never ends
  ASSERT_EQ(StartPinnedThread(FirstCpu(), "pinned",
                              [] {
                                tid = Tid();
                                while (true) pause();
                              }),
            0);
  ASSERT_TRUE(Eventually([] { return tid != 0; }));
  const PinCounts before = CountPins()[FirstCpu()];
  EXPECT_TRUE(RepinThreads().IsEmpty());
  EXPECT_EQ(CountPins()[FirstCpu()].lost, before.lost) << "nothing was lost";
  Wipe(tid);
  EXPECT_TRUE(RepinThreads().IsEmpty());
  EXPECT_EQ(AffinityOf(tid), CpuMask{FirstCpu()});
  EXPECT_EQ(CountPins()[FirstCpu()].lost, before.lost + 1);
  EXPECT_EQ(CountPins()[FirstCpu()].restored, before.restored + 1);
}

pid_t FindThread(const std::string& name) {
  pid_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(entry.path() / "comm");
    std::string comm;
    std::getline(file, comm);
    if (comm == name) found = std::stoi(entry.path().filename());
  }
  return found;
}

bool Sleeps(pid_t tid) {
  std::ifstream file("/proc/self/task/" + std::to_string(tid) + "/stat");
  std::string line;
  std::getline(file, line);
  const size_t end = line.rfind(')');
  return end != std::string::npos && line.substr(end, 3) == ") S";
}

// The thread is moved while it sleeps: nobody can help it if the kernel moves it just after it has looked where it is.
TEST(PinsTest, NoJobBeginsElsewhere) {
  if (AllowedCpus().Weight() < 2) GTEST_SKIP() << "one CPU: a thread cannot be elsewhere";
  std::atomic<int> elsewhere{0};
  const auto here = [](padata_call* call, void* count) -> int32_t {
    if (sched_getcpu() != call->cpu) static_cast<std::atomic<int>*>(count)->fetch_add(1);
    return 0;
  };
  Engine engine({{SecondCpu()}, {FirstCpu()}});
  NativeFunction* const function = test::Accept(engine.loop(), here, &elsewhere);
  Port port(engine.loop(), engine.instance(), [](const Job&, uint64_t) {});
  const std::string name = "padata/p" + std::to_string(SecondCpu());
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(FirstCpu(), &first);
  for (int round = 0; round < 100; ++round) {
    port.Submit({.parallel = function});
    engine.loop().RunUntil([&] { return port.pending() == 0; });
    const pid_t tid = FindThread(name);
    ASSERT_NE(tid, 0);
    ASSERT_TRUE(Eventually([tid] { return Sleeps(tid); }));
    ASSERT_EQ(sched_setaffinity(tid, sizeof(first), &first), 0);
  }
  EXPECT_EQ(elsewhere, 0);
  EXPECT_GT(CountPins()[SecondCpu()].restored, 0u);
}

TEST(CpuWatcherTest, OneThreadAsLongAsThereAreInstances) {
  EXPECT_EQ(FindThread("padata/watch"), 0);
  {
    Engine first;
    EXPECT_TRUE(Eventually([] { return FindThread("padata/watch") != 0; }));
    const pid_t tid = FindThread("padata/watch");
    Engine second;
    EXPECT_EQ(FindThread("padata/watch"), tid);
    first.Close();
    EXPECT_EQ(FindThread("padata/watch"), tid);
  }
  EXPECT_TRUE(Eventually([] { return FindThread("padata/watch") == 0; }))
      << "the kernel may still list it for a moment";
}

TEST(CpuWatcherTest, TheSmallestIntervalCounts) {
  if (AllowedCpus().Weight() < 2) GTEST_SKIP() << "one CPU: a pin cannot be lost";
  Engine engine({{SecondCpu()}, {SecondCpu()}});  // looks never
  Port port(engine.loop(), engine.instance(), [](const Job&, uint64_t) {});
  port.Submit({.parallel = test::Accept(engine.loop(), test::Nothing)});
  engine.loop().RunUntil([&] { return port.pending() == 0; });
  const pid_t tid = FindThread("padata/p" + std::to_string(SecondCpu()));
  ASSERT_NE(tid, 0);
  ASSERT_EQ(CpuWatcher::Add(10), 0);
  Wipe(tid);
  EXPECT_TRUE(Eventually([tid] { return AffinityOf(tid) == CpuMask{SecondCpu()}; }));
  CpuWatcher::Remove(10);
  Wipe(tid);
  CpuWatcher::Hint();
  EXPECT_TRUE(Eventually([tid] { return AffinityOf(tid) == CpuMask{SecondCpu()}; }));
}

}  // namespace
}  // namespace padata
