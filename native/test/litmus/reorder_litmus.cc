// Two threads that complete jobs at the same time: the reorder engine's marks, and do_serial() twice.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>

#include "core/job_runner.h"
#include "core/shell.h"
#include "support/litmus.h"

namespace padata {
namespace {

using test::Engine;
using test::Litmus;
using test::Outcomes;
using test::Port;
using test::Scaled;

// Each thread completes one of two jobs that stand one behind the other. Whoever is the reorderer, both have had their turn when
// both threads are through.
TEST(ReorderLitmus, BothJobsGetTheirTurn) {
  Engine engine;
  Port port(engine.loop(), engine.instance(), [](Job&, uint64_t) {});
  std::array<Job*, 2> jobs = {port.Submit({}), port.Submit({})};
  uint32_t expected = 0;
  bool swap = false;
  const Outcomes outcomes = Litmus::Run(
      Scaled(1'000'000), [&] { port.Complete(jobs[swap ? 1 : 0]); }, [&] { port.Complete(jobs[swap ? 0 : 1]); },
      [&] {
        expected += 2;
        const uint32_t missing = expected - port.shell().control().commit.load();
        if (missing != 0) port.shell().Reorder();  // so that the next round begins as it should
        engine.loop().Drain();
        jobs = {port.Submit({}), port.Submit({})};
        swap = !swap;
        return missing == 0 ? "both" : "FORBIDDEN: " + std::to_string(missing) + " overlooked";
      });
  for (Job* job : jobs) port.Complete(job);
  engine.loop().Drain();
  EXPECT_EQ(outcomes.size(), 1u);
  EXPECT_TRUE(outcomes.contains("both"));
}

int32_t Leave(padata_call* call, void* ctx) {
  *static_cast<padata_ticket*>(ctx) = call->ticket;
  return -EINPROGRESS;
}

// Both threads call do_serial() for the same job: one of them completes it, the other is refused.
TEST(ReorderLitmus, OneDoSerialOfTwoCompletesAJob) {
  Engine engine;
  padata_ticket ticket{};
  int32_t status = 0;
  Port port(engine.loop(), engine.instance(), [&](Job& job, uint64_t) { status = job.status; });
  NativeFunction* const leave = engine.Accept(Leave, &ticket, PADATA_MAY_LEAVE_OUTSTANDING);
  // On this thread, so that a round costs no wake-up.
  const auto next = [&] {
    Job* const job = port.Submit({});
    job->parallel = leave;
    RunParallel(engine.instance(), job, test::FirstCpu());
  };
  std::array<int32_t, 2> returned{};
  next();
  const Outcomes outcomes = Litmus::Run(
      Scaled(1'000'000), [&] { returned[0] = DoSerial(ticket, -1001, nullptr); },
      [&] { returned[1] = DoSerial(ticket, -1002, nullptr); },
      [&] {
        engine.loop().Drain();
        const auto is = [&](int32_t first, int32_t second, int32_t expected) {
          return returned == std::array{first, second} && status == expected && port.pending() == 0;
        };
        const bool first = is(0, -EINVAL, -1001);
        const bool second = is(-EINVAL, 0, -1002);
        next();
        return first ? "the first" : second ? "the second" : "FORBIDDEN: both, none, or the result of the other one";
      });
  EXPECT_EQ(DoSerial(ticket, 0, nullptr), 0);
  engine.loop().Drain();
  for (const auto& [name, count] : outcomes) EXPECT_FALSE(name.starts_with("FORBIDDEN")) << name << ": " << count;
}

}  // namespace
}  // namespace padata
