// The end of the process. What it changes is final, so each test does it in a process of its own. SPDX-License-Identifier: MIT
#include "core/process_exit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "core/serial_thread.h"
#include "support/engine.h"

namespace padata {
namespace {

using test::Engine;
using test::FirstCpu;

class QuiesceForExitTest : public testing::Test {
 protected:
  // "threadsafe": the child starts from the beginning, with threads of its own.
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

std::atomic<uint32_t> running{0};
std::atomic<uint32_t> begun{0};

int32_t CountedSleep(padata_call*, void*) {
  ++begun;
  ++running;
  std::this_thread::sleep_for(std::chrono::microseconds(500));
  --running;
  return 0;
}

[[noreturn]] void Exit(bool is_good) { std::_Exit(is_good ? 0 : 1); }

void QuiesceWithJobsInFlight() {
  Engine engine;
  NativeFunction* const function = engine.Accept(CountedSleep);
  SerialThread::Ensure(FirstCpu());
  test::Port port(engine.loop(), engine.instance(), [](Job&, uint64_t) {});
  for (int i = 0; i < 10'000; ++i) port.Submit({.parallel = function, .serial = function, .cb_cpu = FirstCpu()});
  engine.loop().RunUntil([&] { return port.delivered() > 10; });
  QuiesceForExit();
  const bool was_quiet = running == 0;
  const uint32_t before = begun;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  Exit(was_quiet && begun == before && before < 20'000);
}

TEST_F(QuiesceForExitTest, NothingRunsAndNothingBegins) {
  EXPECT_EXIT(QuiesceWithJobsInFlight(), testing::ExitedWithCode(0), "");
}

void QuiesceWithAJobThatNeverEnds() {
  test::Gate gate;
  Engine engine;
  test::Port port(engine.loop(), engine.instance(), [](Job&, uint64_t) {});
  port.Submit({.parallel = engine.Accept(test::Gate::Enter, &gate)});
  gate.AwaitEntered(1);
  QuiesceForExit();  // returns, which is all that it can do
  Exit(port.pending() == 1);
}

TEST_F(QuiesceForExitTest, AJobThatNeverEndsDoesNotKeepTheProcess) {
  EXPECT_EXIT(QuiesceWithAJobThatNeverEnds(), testing::ExitedWithCode(0), "");
}

void ExitWithJobsInFlight() {
  auto* const engine = new Engine;
  NativeFunction* const function = engine->Accept(CountedSleep);
  auto* const port = new test::Port(engine->loop(), engine->instance(), [](Job&, uint64_t) {});
  for (int i = 0; i < 1000; ++i) port->Submit({.parallel = function});
  engine->loop().RunUntil([&] { return port->delivered() > 10; });
  std::atexit([] { std::_Exit(running == 0 ? 0 : 1); });
  std::atexit(QuiesceForExit);  // runs before the other
  std::exit(2);
}

TEST_F(QuiesceForExitTest, AsAnAtexitHandler) { EXPECT_EXIT(ExitWithJobsInFlight(), testing::ExitedWithCode(0), ""); }

}  // namespace
}  // namespace padata
