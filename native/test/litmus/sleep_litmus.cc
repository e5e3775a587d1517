// "I look for work, then I sleep" against "I bring work, then I look whether you sleep": each of the core's pairs of that kind.
// One of the two must always see the other, or a job lies there and everybody sleeps.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/environment.h"
#include "core/shell.h"
#include "core/sync.h"
#include "support/litmus.h"

namespace padata {
namespace {

using test::Engine;
using test::Litmus;
using test::Outcomes;
using test::Scaled;

constexpr uint64_t kRounds = Scaled(2'000'000);

std::string Name(bool sees_work, bool wakes) {
  if (sees_work) return wakes ? "sees the work, and is woken as well" : "sees the work";
  return wakes ? "is woken" : "FORBIDDEN: sleeps, and there is work";
}

void ExpectNoneForbidden(const Outcomes& outcomes) {
  for (const auto& [name, count] : outcomes) EXPECT_FALSE(name.starts_with("FORBIDDEN")) << name << ": " << count;
}

// Parker alone: Prepare(), then a look / work, then TryUnpark() where IsParked().
TEST(SleepLitmus, PrepareAndIsParked) {
  Parker parker;
  std::atomic<uint32_t> work{0};
  bool sees_work = false;
  bool wakes = false;
  ExpectNoneForbidden(Litmus::Run(
      kRounds,
      [&] {
        parker.Prepare();
        sees_work = work.load(std::memory_order_seq_cst) != 0;
      },
      [&] {
        work.store(1, std::memory_order_seq_cst);
        wakes = parker.IsParked() && parker.TryUnpark();
      },
      [&] {
        parker.Cancel();
        work.store(0);
        return Name(sees_work, wakes);
      }));
}

// A parallel thread leaves, ParallelThread::Park() / the environment publishes a job and looks at `attended`.
TEST(SleepLitmus, UnattendAndPublish) {
  Engine engine(Cpumasks{CpuMask(), test::AllowedCpus()});  // no thread of the core attends
  Instance& instance = engine.instance();
  Instance::Control& control = instance.control();
  uint32_t tail = 0;
  bool sees_work = false;
  bool wakes = false;
  instance.Attend();
  ExpectNoneForbidden(Litmus::Run(
      kRounds,
      [&] {
        instance.Unattend();
        sees_work = instance.HasWork();
      },
      [&] {
        control.queue.tail.store(++tail, std::memory_order_seq_cst);
        wakes = control.attended.load(std::memory_order_seq_cst) == 0;
      },
      [&] {
        control.queue.head.store(tail);
        instance.Attend();
        return Name(sees_work, wakes);
      }));
  instance.Unattend();
}

// The event loop arms itself / a thread notifies.
TEST(SleepLitmus, ArmAndNotify) {
  int wakes = 0;
  const RefPtr<Environment> environment(new Environment([](void* arg) { ++*static_cast<int*>(arg); }, &wakes));
  RefPtr<Instance> instance;
  const Cpumasks masks = {CpuMask(), test::AllowedCpus()};
  ASSERT_EQ(Instance::Create(*environment, "test", masks, CpuSources(), &instance), 0);
  Shell* const shell = instance->CreateShell();
  bool sees_work = false;
  ExpectNoneForbidden(Litmus::Run(
      kRounds,
      [&] {
        environment->control().armed.store(1, std::memory_order_seq_cst);
        sees_work = environment->control().ready_head.load(std::memory_order_seq_cst) != 0;
      },
      [&] { environment->Notify(*shell); },
      [&] {
        environment->control().armed.store(0);
        environment->control().ready_head.store(0);
        shell->control().ready.store(0);
        return Name(sees_work, std::exchange(wakes, 0) != 0);
      }));
  instance->Close();
}

// The event loop takes a shell off the list, then reads what was committed / a thread commits, then puts the shell on the list
// where it is not on it.
TEST(SleepLitmus, TakeFromTheListAndCommit) {
  const RefPtr<Environment> environment(new Environment([](void*) {}, nullptr));
  RefPtr<Instance> instance;
  const Cpumasks masks = {CpuMask(), test::AllowedCpus()};
  ASSERT_EQ(Instance::Create(*environment, "test", masks, CpuSources(), &instance), 0);
  Shell* const shell = instance->CreateShell();
  uint32_t commit = 0;
  bool sees_commit = false;
  environment->Notify(*shell);
  ExpectNoneForbidden(Litmus::Run(
      kRounds,
      [&] {
        environment->control().ready_head.exchange(0, std::memory_order_seq_cst);
        shell->control().ready.store(0, std::memory_order_seq_cst);
        sees_commit = shell->control().commit.load(std::memory_order_acquire) == commit + 1;
      },
      [&] {
        shell->control().commit.store(commit + 1, std::memory_order_release);
        environment->Notify(*shell);
      },
      [&] {
        ++commit;
        const bool is_listed = environment->control().ready_head.load() != 0;
        if (!is_listed) environment->Notify(*shell);
        if (!sees_commit) return is_listed ? "is on the list again" : "FORBIDDEN: not seen, and not on the list";
        return is_listed ? "seen, and on the list again" : "seen";
      }));
  instance->Close();
}

// An isolate arms itself and leaves, Isolate::Sleep() / the environment publishes a job and looks at `attended`.
TEST(SleepLitmus, AnIsolateSleepsAndPublish) {
  Engine engine;
  IsolateGroup& group = engine.instance().MakeIsolates();
  const RefPtr<Isolate> isolate = group.Add(test::FirstCpu());
  IsolateGroup::Control& control = group.control();
  uint32_t tail = 0;
  uint64_t jobs = 0;
  bool sees_work = false;
  bool wakes = false;
  group.Attend();
  ExpectNoneForbidden(Litmus::Run(
      kRounds,
      [&] {
        isolate->shared().armed.store(1, std::memory_order_seq_cst);
        group.Unattend();
        sees_work = group.HasWork();
      },
      [&] {
        control.queue.tail.store(++tail, std::memory_order_seq_cst);
        wakes = control.attended.load(std::memory_order_seq_cst) == 0;
        if (wakes) wakes = isolate->IsAsleep();
      },
      [&] {
        control.queue.head.store(++jobs);
        isolate->shared().armed.store(0);
        group.Attend();
        return Name(sees_work, wakes);
      }));
  group.Unattend();
  group.Remove(*isolate);
}

}  // namespace
}  // namespace padata
