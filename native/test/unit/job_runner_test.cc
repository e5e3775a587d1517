// What a job's functions are given, what becomes of their results, and do_serial(). SPDX-License-Identifier: MIT
#include "core/job_runner.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "core/serial_thread.h"
#include "support/engine.h"
#include "support/isolate_seat.h"

namespace padata {
namespace {

using test::Engine;
using test::FirstCpu;
using test::Log;
using test::Port;

constexpr uint32_t kRoom = 16;
constexpr uint32_t kSize = 32;

using Body = std::function<int32_t(padata_call*)>;
int32_t CallBody(padata_call* call, void* ctx) { return (*static_cast<Body*>(ctx))(call); }

class JobRunnerTest : public testing::Test {
 protected:
  NativeFunction* Accept(const Body& body, uint32_t flags = 0) {
    bodies_.push_back(std::make_unique<Body>(body));
    padata_function description = test::Describe(CallBody, bodies_.back().get(), flags);
    description.headroom = description.tailroom = kRoom;
    return engine_.loop().environment().AddFunction(description);
  }
  // Runs one job with `body` as parallel(), and returns its entry as serial() sees it.
  struct Outcome {
    int32_t status;
    uint32_t type;
    double number;
    int32_t offset;
    uint32_t size;
  };
  Outcome RunOne(const Body& body, uint32_t flags = 0, bool has_input = true) {
    Outcome outcome{};
    Port port(engine_.loop(), engine_.instance(), [&](Job& job, uint64_t) {
      outcome = {job.status, job.result_type, 0, 0, 0};
      if (job.result_type == PADATA_RESULT_NUMBER) outcome.number = job.result.number;
      if (job.result_type == PADATA_RESULT_BYTES) {
        outcome.offset = job.result.range.offset;
        outcome.size = job.result.range.size;
      }
    });
    port.Submit({.parallel = Accept(body, flags),
                 .cb_cpu = FirstCpu(),
                 .bytes = has_input ? input() : nullptr,
                 .size = has_input ? kSize : 0});
    engine_.loop().RunUntil([&] { return port.pending() == 0; });
    return outcome;
  }
  // A result of `size` bytes that begins `offset` bytes after the input.
  Outcome RunWithBytes(int64_t offset, uint32_t size) {
    return RunOne([=](padata_call* call) {
      call->result.type = PADATA_RESULT_BYTES;
      call->result.bytes = call->bytes + offset;
      call->result.size = size;
      return 0;
    });
  }
  uint8_t* input() { return memory_.data() + 1024; }

  std::array<uint8_t, 4096> memory_{};
  std::vector<std::unique_ptr<Body>> bodies_;
  Engine engine_;
};

TEST_F(JobRunnerTest, ParallelSeesTheInput) {
  padata_call seen{};
  RunOne([&](padata_call* call) {
    seen = *call;
    return 0;
  });
  EXPECT_EQ(seen.struct_size, sizeof(padata_call));
  EXPECT_EQ(seen.bytes, input());
  EXPECT_EQ(seen.size, kSize);
  EXPECT_EQ(seen.part_size[0], kSize);
  EXPECT_EQ(seen.headroom, kRoom);
  EXPECT_EQ(seen.tailroom, kRoom);
  EXPECT_TRUE(test::AllowedCpus().Has(seen.cpu));
  EXPECT_EQ(seen.cb_cpu, FirstCpu());
  EXPECT_EQ(seen.ticket.seq_nr, 0u);
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.result.type, static_cast<uint32_t>(PADATA_RESULT_NONE));
  EXPECT_GE(seen.api->struct_size, sizeof(padata_api));
}

TEST_F(JobRunnerTest, ResultsInTheRoomAreTaken) {
  for (auto [offset, size] :
       {std::pair<int, uint32_t>{0, kSize}, {-16, kSize + 2 * kRoom}, {-16, 0}, {48, 0}, {47, 1}}) {
    SCOPED_TRACE(offset);
    const Outcome outcome = RunWithBytes(offset, size);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.type, static_cast<uint32_t>(PADATA_RESULT_BYTES));
    EXPECT_EQ(outcome.offset, offset);
    EXPECT_EQ(outcome.size, size);
  }
}

TEST_F(JobRunnerTest, ResultsOutsideTheRoomAreEfault) {
  for (auto [offset, size] :
       {std::pair<int, uint32_t>{-17, 4}, {-16, kSize + 2 * kRoom + 1}, {49, 0}, {48, 1}, {1000, 4}, {0, UINT32_MAX}}) {
    SCOPED_TRACE(offset);
    const Outcome outcome = RunWithBytes(offset, size);
    EXPECT_EQ(outcome.status, -EFAULT);
    EXPECT_EQ(outcome.type, static_cast<uint32_t>(PADATA_RESULT_NONE));
  }
}

TEST_F(JobRunnerTest, WithoutInputOnlyAnEmptyResultHasRoom) {
  const auto with_size = [this](uint32_t size) {
    return RunOne(
        [=, this](padata_call* call) {
          call->result = {PADATA_RESULT_BYTES, size, input(), 0};
          return 0;
        },
        0, false);
  };
  EXPECT_EQ(with_size(0).status, 0);
  EXPECT_EQ(with_size(1).status, -EFAULT);
}

TEST_F(JobRunnerTest, NumbersErrorsAndUnknownTypes) {
  const Outcome number = RunOne([](padata_call* call) {
    call->result = {PADATA_RESULT_NUMBER, 0, nullptr, 2.5};
    return 0;
  });
  EXPECT_EQ(number.status, 0);
  EXPECT_EQ(number.number, 2.5);
  const Outcome error = RunOne([](padata_call* call) {
    call->result = {PADATA_RESULT_NUMBER, 0, nullptr, 2.5};
    return -EBADMSG;
  });
  EXPECT_EQ(error.status, -EBADMSG);
  EXPECT_EQ(error.type, static_cast<uint32_t>(PADATA_RESULT_NONE)) << "a job that failed has no result";
  const Outcome unknown = RunOne([](padata_call* call) {
    call->result.type = 77;
    return 0;
  });
  EXPECT_EQ(unknown.status, -EPROTO);
}

TEST_F(JobRunnerTest, NativeSerialSeesWhatParallelCameTo) {
  ASSERT_EQ(SerialThread::Ensure(FirstCpu()), 0);
  Log<padata_call> seen;
  Port port(engine_.loop(), engine_.instance(), [](Job&, uint64_t) {});
  NativeFunction* const serial = Accept([&](padata_call* call) {
    seen.Add(*call);
    return -EIO;  // is not used
  });
  NativeFunction* const parallel = Accept([](padata_call* call) {
    if (call->ticket.seq_nr == 1) return -EBADMSG;
    if (call->ticket.seq_nr == 2) call->result = {PADATA_RESULT_NUMBER, 0, nullptr, 7};
    if (call->ticket.seq_nr == 0) call->result = {PADATA_RESULT_BYTES, 8, call->bytes - 4, 0};
    return 0;
  });
  for (int i = 0; i < 3; ++i) {
    port.Submit({.parallel = parallel, .serial = serial, .cb_cpu = FirstCpu(), .bytes = input(), .size = kSize});
  }
  engine_.loop().RunUntil([&] { return port.pending() == 0; });
  const std::vector<padata_call> calls = seen.values();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].bytes, input() - 4);
  EXPECT_EQ(calls[0].size, 8u);
  EXPECT_EQ(calls[0].result.bytes, input() - 4);
  EXPECT_EQ(calls[1].status, -EBADMSG);
  EXPECT_EQ(calls[2].result.type, static_cast<uint32_t>(PADATA_RESULT_NUMBER));
  EXPECT_EQ(calls[2].result.number, 7);
}

// Module functions.

TEST_F(JobRunnerTest, BytesOfAModuleFunctionLieInTheRoomOrHaveTheirOwn) {
  Environment& environment = engine_.loop().environment();
  const std::vector<uint8_t> bytes(32, 0x5a);
  for (const uint32_t room : {31u, 32u, 33u}) {
    SCOPED_TRACE(room);
    Job job{};
    job.bytes = input();
    job.part_size[0] = room;
    job.result_type = PADATA_RESULT_BYTES;
    ASSERT_TRUE(StoreModuleBytes(&job, bytes, environment));
    EXPECT_EQ(job.result.range.offset, 0);
    EXPECT_EQ(job.result.range.size, bytes.size());
    EXPECT_EQ(std::vector(job.bytes, job.bytes + bytes.size()), bytes);
    EXPECT_EQ(job.bytes == input(), room >= bytes.size());
    EXPECT_EQ((job.result_type & kOwnMemory) != 0, room < bytes.size());
    if (room >= bytes.size()) continue;
    SharedMemory* own = nullptr;
    std::memcpy(&own, &job.part_size[1], sizeof(own));
    const RefPtr<SharedMemory> taken = environment.TakeResult(own);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->data(), job.bytes);
  }
}

TEST_F(JobRunnerTest, AnEmptyResultOfAModuleFunctionNeedsNoMemory) {
  Job job{};
  job.result_type = PADATA_RESULT_BYTES;
  ASSERT_TRUE(StoreModuleBytes(&job, {}, engine_.loop().environment()));
  EXPECT_EQ(job.bytes, nullptr);
  EXPECT_EQ(job.result.range.size, 0u);
  EXPECT_EQ(job.result_type, static_cast<uint32_t>(PADATA_RESULT_BYTES));
}

// parallel() is a module function, serial() is native.
TEST_F(JobRunnerTest, NativeSerialSeesBytesAndNumbersOfAModuleFunctionAndNoOtherValue) {
  ASSERT_EQ(SerialThread::Ensure(FirstCpu()), 0);
  engine_.instance().MakeIsolates();
  test::IsolateSeat seat(engine_.instance(), FirstCpu());
  Log<padata_call> seen;
  NativeFunction* const serial = Accept([&](padata_call* call) {
    seen.Add(*call);
    return 0;
  });
  Port port(engine_.loop(), engine_.instance(), [](Job&, uint64_t) {});
  const std::vector<test::IsolateSteps::Output> outputs = {{PADATA_RESULT_BYTES, 0, std::vector<uint8_t>(kSize, 3), 0},
                                                           {PADATA_RESULT_BYTES, 0, std::vector<uint8_t>(100, 4), 0},
                                                           {PADATA_RESULT_NUMBER, 2.5, {}, 0},
                                                           {kConstantResult, 1, {}, 0},
                                                           {4, 0, {1}, -EIO}};
  for (const auto& output : outputs) {
    port.Submit(
        {.serial = serial, .cb_cpu = FirstCpu(), .bytes = input(), .size = kSize, .module_parallel = 1, .room = kSize});
    const std::vector<uint32_t> slots = seat.Turn(1);
    ASSERT_EQ(slots.size(), 1u);
    ASSERT_TRUE(seat.Begin(slots[0]));
    seat.Finish(slots[0], output);
    seat.Turn(0);
    engine_.loop().RunUntil([&] { return port.pending() == 0; });
  }
  const std::vector<padata_call> calls = seen.values();
  ASSERT_EQ(calls.size(), outputs.size());
  EXPECT_EQ(calls[0].bytes, input());
  EXPECT_EQ(calls[0].size, kSize);
  EXPECT_EQ(calls[0].headroom + calls[0].tailroom + calls[0].part_size[0], 0u) << "that is of native functions";
  EXPECT_EQ(calls[1].size, 100u);
  EXPECT_EQ(calls[1].bytes[99], 4);
  EXPECT_EQ(calls[2].result.number, 2.5);
  EXPECT_EQ(calls[3].status, -EPROTO);
  EXPECT_EQ(calls[3].result.type, static_cast<uint32_t>(PADATA_RESULT_NONE));
  EXPECT_EQ(calls[4].status, -EIO);
}

// From here on: work that is left outstanding.

class DoSerialTest : public JobRunnerTest {
 protected:
  static constexpr uint32_t kMayLeave = PADATA_MAY_LEAVE_OUTSTANDING;

  // A function that hands its ticket over and leaves work outstanding.
  NativeFunction* AcceptLeaving(std::atomic<bool>* has_begun, padata_ticket* ticket) {
    return Accept(
        [=](padata_call* call) {
          *ticket = call->ticket;
          *has_begun = true;
          has_begun->notify_all();
          return -EINPROGRESS;
        },
        kMayLeave);
  }
};

TEST_F(DoSerialTest, CompletesTheJobOnceFromAnotherThread) {
  std::atomic<bool> has_begun{false};
  padata_ticket ticket{};
  std::vector<int32_t> statuses;
  Port port(engine_.loop(), engine_.instance(), [&](Job& job, uint64_t) { statuses.push_back(job.status); });
  port.Submit({.parallel = AcceptLeaving(&has_begun, &ticket)});
  has_begun.wait(false);
  EXPECT_EQ(engine_.loop().Drain(), 0u) << "it is outstanding";
  EXPECT_EQ(DoSerial({ticket.job, ticket.seq_nr + 1}, 0, nullptr), -EINVAL);
  EXPECT_EQ(DoSerial({nullptr, 0}, 0, nullptr), -EINVAL);
  EXPECT_EQ(DoSerial(ticket, -EIO, nullptr), 0);
  EXPECT_EQ(DoSerial(ticket, 0, nullptr), -EINVAL) << "twice (invariant 7)";
  engine_.loop().RunUntil([&] { return port.pending() == 0; });
  EXPECT_EQ(DoSerial(ticket, 0, nullptr), -EINVAL) << "after its serial()";
  EXPECT_EQ(statuses, std::vector{-EIO});
}

TEST_F(DoSerialTest, TheResultIsCopiedAndChecked) {
  for (const bool is_in_room : {true, false}) {
    std::atomic<bool> has_begun{false};
    padata_ticket ticket{};
    int32_t status = 1;
    Port port(engine_.loop(), engine_.instance(), [&](Job& job, uint64_t) { status = job.status; });
    port.Submit({.parallel = AcceptLeaving(&has_begun, &ticket), .bytes = input(), .size = kSize});
    has_begun.wait(false);
    const padata_result result = {PADATA_RESULT_BYTES, 4, input() + (is_in_room ? 0 : 1000), 0};
    EXPECT_EQ(DoSerial(ticket, 0, &result), 0);
    engine_.loop().RunUntil([&] { return port.pending() == 0; });
    EXPECT_EQ(status, is_in_room ? 0 : -EFAULT);
  }
}

TEST_F(DoSerialTest, FromInsideParallel) {
  Log<int32_t> returned;
  const auto body = [&](int32_t then) {
    return [&returned, then](padata_call* call) {
      const padata_result result = {PADATA_RESULT_NUMBER, 0, nullptr, 3};
      returned.Add(call->api->do_serial(call->ticket, 0, &result));
      returned.Add(call->api->do_serial(call->ticket, -EIO, nullptr));
      return then;
    };
  };
  EXPECT_EQ(RunOne(body(-EINPROGRESS), kMayLeave).number, 3);
  EXPECT_EQ(RunOne(body(-ENOENT), kMayLeave).number, 3) << "what parallel() returns afterwards changes nothing";
  EXPECT_EQ(returned.values(), (std::vector{0, -EINVAL, 0, -EINVAL}));
}

TEST_F(DoSerialTest, AFunctionThatMayLeaveWorkNeedNot) {
  EXPECT_EQ(RunOne([](padata_call*) { return 0; }, kMayLeave).status, 0);
  EXPECT_EQ(RunOne([](padata_call*) { return -EIO; }, kMayLeave).status, -EIO);
}

TEST_F(DoSerialTest, AFunctionWithoutTheFlagIsRefused) {
  int32_t returned = 0;
  const Outcome outcome = RunOne([&](padata_call* call) {
    returned = call->api->do_serial(call->ticket, 0, nullptr);
    return -EINPROGRESS;
  });
  EXPECT_EQ(returned, -EINVAL);
  EXPECT_EQ(outcome.status, -EPROTO);
}

// The next shell gets the same segment, so that its jobs have the same addresses and positions as those of the first.
TEST_F(DoSerialTest, ALateTicketDoesNotReachTheJobOfANewShell) {
  std::vector<padata_ticket> tickets(2);
  for (padata_ticket& ticket : tickets) {
    std::atomic<bool> has_begun{false};
    Port port(engine_.loop(), engine_.instance(), [](Job&, uint64_t) {});
    port.Submit({.parallel = AcceptLeaving(&has_begun, &ticket)});
    has_begun.wait(false);
    if (&ticket == &tickets[1]) {
      EXPECT_EQ(DoSerial(tickets[0], 0, nullptr), -EINVAL);
      EXPECT_EQ(engine_.loop().Drain(), 0u);
    }
    EXPECT_EQ(DoSerial(ticket, 0, nullptr), 0);
    engine_.loop().RunUntil([&] { return port.pending() == 0; });
  }
}

TEST_F(DoSerialTest, AfterTheInstanceWasClosedAndAfterItIsGone) {
  std::atomic<bool> has_begun{false};
  padata_ticket ticket{};
  auto engine = std::make_unique<Engine>();
  bodies_.push_back(std::make_unique<Body>([&](padata_call* call) {
    ticket = call->ticket;
    has_begun = true;
    has_begun.notify_all();
    return -EINPROGRESS;
  }));
  Port port(engine->loop(), engine->instance(), [](Job&, uint64_t) {});
  port.Submit({.parallel = engine->Accept(CallBody, bodies_.back().get(), kMayLeave)});
  has_begun.wait(false);
  port.Abandon();
  engine = {};
  EXPECT_EQ(DoSerial(ticket, 0, nullptr), 0) << "an outstanding job keeps its instance";
  EXPECT_EQ(DoSerial(ticket, 0, nullptr), -EINVAL);
}

}  // namespace
}  // namespace padata
