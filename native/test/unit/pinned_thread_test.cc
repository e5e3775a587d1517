// Pinned threads: affinity, signals, name, and what happens on a CPU that cannot be had (invariant 5). SPDX-License-Identifier: MIT
#include "core/pinned_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "core/cpu_sources.h"
#include "support/engine.h"

namespace padata {
namespace {

// What the kernel knows of a thread: fields of /proc/self/task/<tid>/status.
std::string StatusOf(pid_t tid, const std::string& field) {
  std::ifstream file("/proc/self/task/" + std::to_string(tid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field + ":\t")) return line.substr(field.size() + 2);
  }
  return "no such field";
}

// Starts a thread that tells its id, and then sleeps for ever, as the threads of the core do.
pid_t StartAndAsk(int cpu, const std::string& name) {
  std::atomic<pid_t> tid{0};
  const int status = StartPinnedThread(cpu, name, [&tid] {
    tid = static_cast<pid_t>(syscall(SYS_gettid));
    tid.notify_all();
    while (true) pause();
  });
  if (status != 0) return status;
  tid.wait(0);
  return tid;
}

TEST(PinnedThreadTest, RunsOnExactlyItsCpuWithItsName) {
  for (int cpu : {test::FirstCpu(), test::SecondCpu()}) {
    const pid_t tid = StartAndAsk(cpu, "padata/x" + std::to_string(cpu));
    ASSERT_GT(tid, 0);
    EXPECT_EQ(StatusOf(tid, "Name"), "padata/x" + std::to_string(cpu));
    EXPECT_EQ(StatusOf(tid, "Cpus_allowed_list"), std::to_string(cpu));
  }
}

TEST(PinnedThreadTest, EverySignalThatCanBeIsBlocked) {
  const pid_t tid = StartAndAsk(test::FirstCpu(), "padata/x");
  ASSERT_GT(tid, 0);
  const uint64_t blocked = std::stoull(StatusOf(tid, "SigBlk"), nullptr, 16);
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    // KILL and STOP cannot be blocked; 32 and 33 are the C library's own (cancellation, setuid of all threads).
    if (signal == SIGKILL || signal == SIGSTOP || signal == 32 || signal == 33) continue;
    EXPECT_TRUE((blocked >> (signal - 1) & 1) != 0) << "signal " << signal;
  }
}

TEST(PinnedThreadTest, TheCreatorKeepsItsSignalMaskAndAffinity) {
  sigset_t usr1, before, after;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &usr1, &before);
  ASSERT_GT(StartAndAsk(test::SecondCpu(), "padata/x"), 0);
  pthread_sigmask(SIG_SETMASK, &before, &after);
  for (int signal = 1; signal < 32; ++signal)
    EXPECT_EQ(sigismember(&after, signal), signal == SIGUSR1 ? 1 : 0) << signal;
  EXPECT_EQ(ProcessAffinity(), test::AllowedCpus());
}

TEST(PinnedThreadTest, ACpuThatDoesNotExistIsAnError) {
  EXPECT_EQ(StartPinnedThread(CpuSources().Possible().Last() + 1, "padata/x", [] { FAIL() << "it must not run"; }),
            -EINVAL);
  EXPECT_EQ(StartPinnedThread(Instance::kMaxCpuIds - 1, "padata/x", [] { FAIL() << "it must not run"; }), -EINVAL);
}

// A thread that somebody else has made.

TEST(PinnedThreadTest, AThreadThatIsAdoptedIsPinnedNamedAndOurs) {
  std::thread([] {
    const auto tid = static_cast<pid_t>(syscall(SYS_gettid));
    EXPECT_FALSE(IsPinnedThread(tid));
    AdoptThisThread(test::SecondCpu(), "padata/mx");
    EXPECT_TRUE(IsPinnedThread(tid));
    EXPECT_TRUE(IsOnCpu(test::SecondCpu()));
    EXPECT_EQ(StatusOf(tid, "Name"), "padata/mx");
    EXPECT_EQ(StatusOf(tid, "Cpus_allowed_list"), std::to_string(test::SecondCpu()));
    ReleaseThisThread();
    EXPECT_FALSE(IsPinnedThread(tid));
  }).join();
}

TEST(PinnedThreadTest, AThreadThatIsAdoptedTakesOnlyTheSignalsThatItRaisesAndThatOfTheProfiler) {
  std::thread([] {
    AdoptThisThread(test::FirstCpu(), "padata/mx");
    const auto tid = static_cast<pid_t>(syscall(SYS_gettid));
    const uint64_t blocked = std::stoull(StatusOf(tid, "SigBlk"), nullptr, 16);
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
      if (signal == SIGKILL || signal == SIGSTOP || signal == 32 || signal == 33) continue;
      const bool is_free = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
                           signal == SIGTRAP || signal == SIGABRT || signal == SIGSYS || signal == SIGPROF;
      EXPECT_EQ((blocked >> (signal - 1) & 1) == 0, is_free) << "signal " << signal;
    }
    ReleaseThisThread();
  }).join();
}

TEST(PinnedThreadTest, AThreadThatIsAdoptedGetsItsPinBack) {
  if (!test::HasTwoCpus()) GTEST_SKIP() << "one CPU";
  std::thread([] {
    AdoptThisThread(test::FirstCpu(), "padata/mx");
    const auto tid = static_cast<pid_t>(syscall(SYS_gettid));
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(test::SecondCpu(), &set);
    sched_setaffinity(0, sizeof(set), &set);
    EXPECT_FALSE(IsOnCpu(test::FirstCpu()));
    const PinCounts before = CountPins()[test::FirstCpu()];
    EXPECT_FALSE(RepinThreads().Has(test::FirstCpu()));
    const PinCounts after = CountPins()[test::FirstCpu()];
    EXPECT_EQ(after.lost, before.lost + 1);
    EXPECT_EQ(after.restored, before.restored + 1);
    EXPECT_EQ(StatusOf(tid, "Cpus_allowed_list"), std::to_string(test::FirstCpu()));
    ReleaseThisThread();
    sched_setaffinity(0, sizeof(set), &set);
    RepinThreads();
    EXPECT_EQ(StatusOf(tid, "Cpus_allowed_list"), std::to_string(test::SecondCpu())) << "it is not ours any more";
  }).join();
}

TEST(PinnedThreadTest, AThreadThatIsAdoptedForACpuThatCannotBeHadStaysWhereItIs) {
  std::thread([] {
    const auto tid = static_cast<pid_t>(syscall(SYS_gettid));
    const std::string before = StatusOf(tid, "Cpus_allowed_list");
    const int cpu = CpuSources().Possible().Last() + 1;
    AdoptThisThread(cpu, "padata/mx");
    EXPECT_EQ(StatusOf(tid, "Cpus_allowed_list"), before);
    EXPECT_FALSE(IsOnCpu(cpu));
    ReleaseThisThread();
  }).join();
}

}  // namespace
}  // namespace padata
