// Native serial() on several cb_cpus, while both masks change: each job once, in order per cb_cpu, on its CPU, and through before
// the event loop hears of it (invariants 1 and 2).
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/serial_thread.h"
#include "support/engine.h"
#include "support/stress.h"

namespace padata {
namespace {

using test::Engine;
using test::FirstCpu;
using test::Hash;
using test::Port;
using test::SecondCpu;

class Series {
 public:
  Series(Engine& engine, uint64_t id, uint64_t jobs)
      : id_(id),
        serialized_(jobs),
        parallel_(engine.Accept(Parallel, this)),
        serial_(engine.Accept(Serial, this)),
        port_(engine.loop(), engine.instance(), [this](Job&, uint64_t info) { Deliver(info); }) {
    for (int i = 0; i < 200; ++i) Submit();
  }
  bool IsThrough() const { return port_.delivered() == serialized_.size(); }
  uint64_t progress() const { return progress_; }
  uint64_t faults() const { return faults_; }

 private:
  uint64_t RandomOf(uint64_t seq_nr) const { return Hash(id_ << 32 | seq_nr); }
  int CbCpuOf(uint64_t seq_nr) const { return (RandomOf(seq_nr) >> 40 & 1) != 0 ? FirstCpu() : SecondCpu(); }

  static int32_t Parallel(padata_call* call, void* ctx) {
    test::RandomWork(static_cast<Series*>(ctx)->RandomOf(call->ticket.seq_nr));
    return 0;
  }

  static int32_t Serial(padata_call* call, void* ctx) {
    auto& series = *static_cast<Series*>(ctx);
    const uint64_t seq_nr = call->ticket.seq_nr;
    const int cpu = series.CbCpuOf(seq_nr);
    if (call->cpu != cpu || call->cb_cpu != cpu || sched_getcpu() != cpu) ++series.faults_;
    uint64_t& next = series.next_[cpu == FirstCpu() ? 0 : 1].seq_nr;  // only this thread
    if (seq_nr < next) ++series.faults_;
    next = seq_nr + 1;
    ++series.serialized_[seq_nr];
    return 0;
  }

  void Deliver(uint64_t info) {
    if (info != progress_.fetch_add(1) || serialized_[info] != 1) ++faults_;
    Submit();
  }

  void Submit() {
    const uint64_t seq_nr = port_.submitted();
    if (seq_nr == serialized_.size()) return;
    const bool is_native = RandomOf(seq_nr) % 16 != 0;
    if (!is_native) serialized_[seq_nr] = 1;  // some have a closure in between
    port_.Submit(
        {.parallel = parallel_, .serial = is_native ? serial_ : nullptr, .cb_cpu = CbCpuOf(seq_nr), .info = seq_nr});
  }

  struct alignas(64) Next {
    uint64_t seq_nr = 0;
  };
  const uint64_t id_;
  std::vector<uint8_t> serialized_;  // how often each job's serial() ran
  std::array<Next, 2> next_;
  std::atomic<uint64_t> progress_{0};
  std::atomic<uint64_t> faults_{0};
  NativeFunction* const parallel_;
  NativeFunction* const serial_;
  Port port_;
};

TEST(NativeSerialStress, InOrderOnEachCbCpu) {
  for (int cpu : {FirstCpu(), SecondCpu()}) ASSERT_EQ(SerialThread::Ensure(cpu), 0);
  Engine engine;
  std::vector<std::unique_ptr<Series>> all;
  for (uint64_t id = 0; id < 4; ++id) all.push_back(std::make_unique<Series>(engine, id, test::Scaled(300'000)));
  const test::Watchdog watchdog([&] {
    std::string text;
    for (const auto& each : all) text += std::to_string(each->progress()) + " ";
    return text;
  });
  const std::array<CpuMask, 3> masks = {CpuMask{FirstCpu()}, CpuMask{SecondCpu()}, test::AllowedCpus()};
  test::Random random(test::Seed());
  engine.loop().RunUntil([&] {
    const CpumaskType type = random() % 2 == 0 ? CpumaskType::kParallel : CpumaskType::kSerial;
    engine.instance().SetCpumask(type, masks[random() % masks.size()]);
    return std::all_of(all.begin(), all.end(), [](const auto& each) { return each->IsThrough(); });
  });
  for (const auto& each : all) EXPECT_EQ(each->faults(), 0u);
}

}  // namespace
}  // namespace padata
