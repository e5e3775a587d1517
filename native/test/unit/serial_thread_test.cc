// Native serial(): order per cb_cpu, on that CPU's thread, once for each job, errors included. SPDX-License-Identifier: MIT
#include "core/serial_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <cerrno>
#include <map>
#include <vector>

#include "support/engine.h"

namespace padata {
namespace {

using test::Engine;
using test::FirstCpu;
using test::Log;
using test::Port;
using test::SecondCpu;

struct Call {
  uint64_t seq_nr;
  int32_t status;
  int cb_cpu;
  int cpu;       // what the call says
  int real_cpu;  // where it really is
  std::string thread;
};

int32_t Record(padata_call* call, void* ctx) {
  char name[16];
  pthread_getname_np(pthread_self(), name, sizeof(name));
  static_cast<Log<Call>*>(ctx)->Add(
      {call->ticket.seq_nr, call->status, call->cb_cpu, call->cpu, sched_getcpu(), std::string(name)});
  return 0;
}

int32_t FailEveryThird(padata_call* call, void*) { return call->ticket.seq_nr % 3 == 0 ? -EIO : 0; }

class SerialThreadTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int cpu : {FirstCpu(), SecondCpu()}) ASSERT_EQ(SerialThread::Ensure(cpu), 0);
  }
  Log<Call> log_;
  Engine engine_;
  NativeFunction* const record_ = engine_.Accept(Record, &log_);
};

TEST_F(SerialThreadTest, InOrderOnTheThreadOfCbCpu) {
  constexpr uint64_t kJobs = 3000;
  NativeFunction* const parallel = engine_.Accept(FailEveryThird);
  uint64_t delivered = 0;
  Port port(engine_.loop(), engine_.instance(), [&](Job&, uint64_t info) { EXPECT_EQ(info, delivered++); });
  for (uint64_t i = 0; i < kJobs; ++i) {
    port.Submit({.parallel = parallel, .serial = record_, .cb_cpu = i % 5 < 2 ? FirstCpu() : SecondCpu(), .info = i});
  }
  engine_.loop().RunUntil([&] { return port.pending() == 0; });
  const std::vector<Call> calls = log_.values();
  ASSERT_EQ(calls.size(), kJobs);
  std::map<int, uint64_t> next;  // of each cb_cpu
  for (const Call& call : calls) {
    ASSERT_TRUE(next[call.cb_cpu] == 0 || call.seq_nr >= next[call.cb_cpu]) << "out of order";
    next[call.cb_cpu] = call.seq_nr + 1;
    ASSERT_EQ(call.cb_cpu, call.seq_nr % 5 < 2 ? FirstCpu() : SecondCpu());
    ASSERT_EQ(call.cpu, call.cb_cpu);
    ASSERT_EQ(call.real_cpu, call.cb_cpu);
    ASSERT_EQ(call.thread, "padata/s" + std::to_string(call.cb_cpu));
    ASSERT_EQ(call.status, call.seq_nr % 3 == 0 ? -EIO : 0) << "serial() sees the error in its turn (invariant 7)";
  }
}

TEST_F(SerialThreadTest, AClosureMayComeBeforeANativeSerial) {
  Port port(engine_.loop(), engine_.instance(), [](Job&, uint64_t) {});
  Job* const first = port.Submit({.serial = record_, .cb_cpu = FirstCpu()});
  Job* const second = port.Submit({.serial = record_, .cb_cpu = FirstCpu()});
  port.Complete(second);
  port.Complete(first, -ECANCELED);
  engine_.loop().RunUntil([&] { return port.pending() == 0; });
  const std::vector<Call> calls = log_.values();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].seq_nr, 0u);
  EXPECT_EQ(calls[0].status, -ECANCELED);
  EXPECT_EQ(calls[1].seq_nr, 1u);
}

// What has been committed is serialized after the environment, the instance and the shell were given up; a sanitizer looks on.
TEST_F(SerialThreadTest, TheInstanceLivesUntilItsLastSerialHasReturned) {
  test::Gate gate;
  auto engine = std::make_unique<Engine>();
  Port port(engine->loop(), engine->instance(), [](Job&, uint64_t) {});
  NativeFunction* const wait = engine->Accept(test::Gate::Enter, &gate);
  NativeFunction* const nothing = engine->Accept(test::Nothing);
  for (int i = 0; i < 10; ++i) port.Submit({.parallel = nothing, .serial = wait, .cb_cpu = FirstCpu()});
  SpinUntil([&] { return port.shell().control().commit == 10; });
  port.Abandon();
  engine = {};
  gate.Open();
  // The inbox of the thread keeps the order: when this job is through, so are the others.
  Port next(engine_.loop(), engine_.instance(), [](Job&, uint64_t) {});
  next.Submit({.parallel = engine_.Accept(test::Nothing), .serial = record_, .cb_cpu = FirstCpu()});
  engine_.loop().RunUntil([&] { return next.pending() == 0; });
  EXPECT_EQ(gate.entered(), 10u);
}

TEST_F(SerialThreadTest, ACpuThatDoesNotExistIsAnError) {
  EXPECT_EQ(SerialThread::Ensure(CpuSources().Possible().Last() + 1), -EINVAL);
}

}  // namespace
}  // namespace padata
