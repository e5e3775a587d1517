// Module functions over several shells on isolates that come and go: masks that change, jobs that are withdrawn, isolates that die in a job, are
// killed or retire, serial()s of all kinds. Nothing is lost, nothing runs twice, everything has its turn in order, and nothing begins on a CPU that was
// taken away (invariants 1, 2, 4 and 9).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/job_runner.h"
#include "core/serial_thread.h"
#include "support/engine.h"
#include "support/isolate_thread.h"
#include "support/stress.h"

namespace padata {
namespace {

using test::Engine;
using test::FirstCpu;
using test::Hash;
using test::IsolateSteps;
using test::IsolateThread;
using test::Port;
using test::Random;
using test::SecondCpu;

constexpr uint32_t kParallel = 1;
constexpr uint32_t kSerial = 2;
constexpr uint32_t kShells = 4;

// What is known of one job. Each field is written by one thread at a time, or ThreadSanitizer complains.
struct Record {
  Job* job = nullptr;         // while it is pending
  uint8_t ran = 0;            // parallel()
  uint8_t serialized = 0;     // a serial() that is a module function
  bool is_withdrawn = false;  // somebody tried
  bool is_taken = false;      // and succeeded
  bool has_died = false;      // parallel() had begun in an isolate that ended
  bool has_died_serial = false;
};

// How a job is submitted, by the seed and its number.
struct Kind {
  bool is_native;   // parallel() is
  uint32_t serial;  // 0: a closure; 1: native; otherwise a module function
  int cb_cpu;
  bool dies;  // in parallel()
  bool dies_serial;
  bool is_async;
};
Kind KindOf(uint64_t shell, uint64_t seq_nr) {
  const uint64_t random = Hash(shell << 40 | seq_nr);
  return {random % 8 == 0,
          static_cast<uint32_t>(random >> 8 & 3),
          (random >> 16 & 1) != 0 ? FirstCpu() : SecondCpu(),
          (random >> 24) % 997 == 0,
          (random >> 34) % 997 == 0,
          (random >> 44) % 16 == 0};
}

class Series;

class IsolateStress : public testing::Test {
 protected:
  friend class Series;
  IsolateStress();
  ~IsolateStress() override { EXPECT_EQ(violations_.load(), 0u); }

  void Run(uint64_t jobs, uint64_t in_flight);
  bool IsThrough() const;
  std::string Progress() const;
  void Tick();
  void ChangeMask();
  void RetireOne(uint64_t random);
  std::unique_ptr<IsolateThread> NewIsolate(int cpu);
  void BuryAll();
  void Bury(IsolateThread& isolate);
  void EndAll();
  Series& SeriesOf(uint32_t shell);

  // The functions of the isolates, on their threads.
  bool Call(const IsolateSteps::Input& input, int cpu, uint64_t in_force, IsolateSteps::Output* output, bool* is_async);
  void Returned(const IsolateSteps::Input& input);

  Random random_{test::Seed()};
  Engine engine_;
  std::atomic<uint64_t> in_force_{3};  // the mask: bit 0 and 1 for the CPUs, above them how often it was changed
  std::atomic<uint64_t> violations_{0};
  std::array<std::atomic<int>, 2> in_serial_{};  // of each CPU, while nobody dies of it
  std::vector<std::unique_ptr<Series>> series_;
  IsolateThread::Functions functions_;
  std::vector<std::unique_ptr<IsolateThread>> isolates_;
  std::vector<std::unique_ptr<IsolateThread>> leaving_;
  uint32_t per_cpu_ = 1;
  uint64_t ticks_ = 0;
  uint64_t deaths_ = 0;
  uint64_t masks_ = 0;
  bool with_changes_ = true;
};

// One shell under load.
class Series {
 public:
  Series(IsolateStress& test, uint64_t id, uint64_t jobs)
      : test_(test),
        id_(id),
        records_(jobs),
        native_(test.engine_.Accept(RunNative, this)),
        native_serial_(test.engine_.Accept(test::Nothing)),
        port_(test.engine_.loop(), test.engine_.instance(), [this](Job& job, uint64_t info) { Serial(job, info); }) {}

  uint32_t shell() { return port_.shell().id(); }
  Record& record(uint64_t seq_nr) { return records_[seq_nr]; }
  Kind KindOf(uint64_t seq_nr) const { return padata::KindOf(id_, seq_nr); }
  bool IsThrough() const { return port_.delivered() == records_.size(); }
  uint64_t delivered() const { return progress_.load(std::memory_order_relaxed); }
  uint64_t faults() const { return faults_; }
  const std::string& fault() const { return fault_; }

  void Submit() {
    if (port_.submitted() == records_.size()) return;
    const uint64_t seq_nr = port_.submitted();
    const Kind kind = KindOf(seq_nr);
    test::Submission submission{.cb_cpu = kind.cb_cpu, .info = seq_nr};
    if (kind.is_native) {
      submission.parallel = native_;
    } else {
      submission.module_parallel = kParallel;
      submission.type = PADATA_RESULT_NUMBER;
      submission.number = static_cast<double>(seq_nr);
    }
    if (kind.serial == 1) submission.serial = native_serial_;
    if (kind.serial > 1) submission.module_serial = kSerial;
    records_[seq_nr].job = port_.Submit(submission);
  }
  // One of those that are pending.
  void WithdrawOne(uint64_t random) {
    if (port_.pending() == 0) return;
    const uint64_t seq_nr = port_.delivered() + random % port_.pending();
    Record& record = records_[seq_nr];
    if (KindOf(seq_nr).is_native || record.is_taken || record.has_died) return;
    record.is_withdrawn = true;
    record.is_taken = test_.engine_.instance().isolates()->Withdraw(record.job);
  }
  // Module functions as serial(): in order, for each CPU.
  void Serialized(uint64_t seq_nr, int cpu) {
    uint64_t& next = next_serial_[cpu == FirstCpu() ? 0 : 1];
    if (seq_nr < next || ++records_[seq_nr].serialized != 1) test_.violations_.fetch_add(1);
    next = seq_nr + 1;
  }

 private:
  static int32_t RunNative(padata_call* call, void* ctx) {
    ++static_cast<Series*>(ctx)->records_[call->ticket.seq_nr].ran;
    return 0;
  }

  void Serial(const Job& job, uint64_t seq_nr) {
    if (seq_nr != next_++) Fault("order", seq_nr, job);
    Check(job, seq_nr);
    progress_.store(next_, std::memory_order_relaxed);
    Submit();
    test_.Tick();
  }

  void Check(const Job& job, uint64_t seq_nr) {
    const Record& record = records_[seq_nr];
    const Kind kind = KindOf(seq_nr);
    if (kind.serial > 1 && record.serialized + (record.has_died_serial ? 1 : 0) < 1)
      Fault("serial() lost", seq_nr, job);
    if (job.status == -ECANCELED) {
      if (!record.is_withdrawn || record.ran != 0) Fault("taken out", seq_nr, job);
    } else if (job.status == -EOWNERDEAD) {
      if (!record.has_died || record.ran > 1) Fault("died", seq_nr, job);
    } else if (job.status != 0 || record.ran != 1 || record.is_taken || record.has_died) {
      Fault("ran", seq_nr, job);
    } else if (!kind.is_native &&
               (job.result_type != PADATA_RESULT_NUMBER || job.result.number != static_cast<double>(seq_nr))) {
      Fault("result", seq_nr, job);
    }
  }

  void Fault(const char* what, uint64_t seq_nr, const Job& job) {
    if (faults_++ != 0) return;
    const Record& record = records_[seq_nr];
    fault_ = std::string(what) + ": job " + std::to_string(seq_nr) + " status " + std::to_string(job.status) + " ran " +
             std::to_string(record.ran) + " serialized " + std::to_string(record.serialized) + " taken " +
             std::to_string(record.is_taken) + " died " + std::to_string(record.has_died);
  }

  IsolateStress& test_;
  const uint64_t id_;
  std::vector<Record> records_;
  std::array<uint64_t, 2> next_serial_{};  // by CPU
  uint64_t next_ = 0;
  uint64_t faults_ = 0;
  std::string fault_;
  std::atomic<uint64_t> progress_{0};
  NativeFunction* const native_;
  NativeFunction* const native_serial_;
  Port port_;
};

IsolateStress::IsolateStress() {
  engine_.instance().MakeIsolates();
  for (int cpu : {FirstCpu(), SecondCpu()}) PADATA_CHECK(SerialThread::Ensure(cpu) == 0, "no serial thread");
  functions_.before = [this](int) { return in_force_.load(); };
  functions_.call = [this](const auto& input, int cpu, uint64_t in_force, auto* output, bool* is_async) {
    return Call(input, cpu, in_force, output, is_async);
  };
  functions_.returned = [this](const auto& input) { Returned(input); };
}

bool IsolateStress::Call(const IsolateSteps::Input& input, int cpu, uint64_t in_force, IsolateSteps::Output* output,
                         bool* is_async) {
  Series& series = SeriesOf(input.shell);
  const Kind kind = series.KindOf(input.seq_nr);
  *is_async = kind.is_async;
  test::RandomWork(Hash(input.shell + input.seq_nr));
  if (input.is_serial) {
    if (input.cb_cpu != cpu || input.function != kSerial) violations_.fetch_add(1);
    if (in_serial_[cpu == FirstCpu() ? 0 : 1].fetch_add(1) != 0 && !with_changes_) violations_.fetch_add(1);
    series.Serialized(input.seq_nr, cpu);
    return !(with_changes_ && kind.dies_serial);
  }
  // It began after this mask was in force.
  if ((in_force & (cpu == FirstCpu() ? 1 : 2)) == 0 || input.function != kParallel) violations_.fetch_add(1);
  ++series.record(input.seq_nr).ran;
  output->type = PADATA_RESULT_NUMBER;
  output->number = input.number;
  return !(with_changes_ && kind.dies);
}

void IsolateStress::Returned(const IsolateSteps::Input& input) {
  if (input.is_serial) in_serial_[input.cb_cpu == FirstCpu() ? 0 : 1].fetch_sub(1);
}

// Now and then, on the event loop: something happens.
void IsolateStress::Tick() {
  ++ticks_;
  if (!with_changes_) return;
  const uint64_t random = random_();
  if (ticks_ % 16 == 0) series_[random % kShells]->WithdrawOne(random >> 8);
  if (ticks_ % 64 == 0) ChangeMask();
  if (ticks_ % 512 == 0) isolates_[random % isolates_.size()]->Kill();
  if (ticks_ % 256 == 0) RetireOne(random >> 16);
  if (ticks_ % 128 == 0) engine_.instance().Rescue();
  if (ticks_ % 8 == 0) isolates_[random % isolates_.size()]->isolate().CompleteEarly();
}

// One is on its way out, and its successor is there before it has gone.
void IsolateStress::RetireOne(uint64_t random) {
  std::unique_ptr<IsolateThread>& place = isolates_[random % isolates_.size()];
  const int cpu = place->cpu();
  place->isolate().Retire();
  leaving_.push_back(std::exchange(place, NewIsolate(cpu)));
}

std::unique_ptr<IsolateThread> IsolateStress::NewIsolate(int cpu) {
  return std::make_unique<IsolateThread>(engine_.instance(), cpu, 1 + random_() % 4, functions_);
}

void IsolateStress::ChangeMask() {
  const uint64_t bits = random_() % 3 + 1;
  CpuMask mask;
  if ((bits & 1) != 0) mask.Set(FirstCpu());
  if ((bits & 2) != 0) mask.Set(SecondCpu());
  in_force_.store(3);
  ASSERT_EQ(engine_.instance().SetCpumask(CpumaskType::kParallel, mask), 0);
  in_force_.store(++masks_ << 2 | bits);
}

// What lib/module/isolate-pool.ts does when isolates have ended.
void IsolateStress::BuryAll() {
  for (auto& isolate : isolates_) {
    if (!isolate->HasEnded()) continue;
    Bury(*isolate);
    isolate = NewIsolate(isolate->cpu());
  }
  std::erase_if(leaving_, [this](const auto& isolate) {
    const bool has_ended = isolate->HasEnded();
    if (has_ended)
      Bury(*isolate);
    else if (isolate->isolate().Retire())
      isolate->Kill();
    return has_ended;
  });
}

void IsolateStress::Bury(IsolateThread& isolate) {
  ++deaths_;
  for (const Isolate::Died& died : isolate.Abandon()) {
    Record& record = SeriesOf(died.shell).record(died.seq_nr);
    if (died.is_serial) {
      record.has_died_serial = true;
    } else {
      record.has_died = true;
      CompleteWith(died.job, -EOWNERDEAD);
    }
  }
}

Series& IsolateStress::SeriesOf(uint32_t shell) {
  return **std::find_if(series_.begin(), series_.end(), [&](auto& each) { return each->shell() == shell; });
}

bool IsolateStress::IsThrough() const {
  return std::all_of(series_.begin(), series_.end(), [](const auto& each) { return each->IsThrough(); });
}

std::string IsolateStress::Progress() const {
  std::string text;
  for (const auto& each : series_) text += std::to_string(each->delivered()) + " ";
  return text;
}

void IsolateStress::EndAll() {
  std::move(leaving_.begin(), leaving_.end(), std::back_inserter(isolates_));
  for (auto& isolate : isolates_) isolate->Kill();
  for (auto& isolate : isolates_) EXPECT_TRUE(isolate->Abandon().empty());
  isolates_.clear();
  leaving_.clear();
}

void IsolateStress::Run(uint64_t jobs, uint64_t in_flight) {
  for (uint64_t id = 0; id < kShells; ++id) series_.push_back(std::make_unique<Series>(*this, id, jobs / kShells));
  for (uint32_t i = 0; i < per_cpu_; ++i) {
    for (int cpu : {FirstCpu(), SecondCpu()}) {
      isolates_.push_back(std::make_unique<IsolateThread>(engine_.instance(), cpu, 1 + i, functions_));
    }
  }
  const test::Watchdog watchdog([this] { return Progress(); });
  for (const auto& each : series_) {
    for (uint64_t i = 0; i < in_flight; ++i) each->Submit();
  }
  engine_.loop().RunUntil([this] {
    BuryAll();
    return IsThrough();
  });
  EndAll();
  for (const auto& each : series_) EXPECT_EQ(each->faults(), 0u) << each->fault();
  std::printf("%ju deaths, %ju masks\n", static_cast<uintmax_t>(deaths_), static_cast<uintmax_t>(masks_));
}

// Nobody is asked to Rescue() here: a lost wake-up would be the end of it.
TEST_F(IsolateStress, BetweenSleepAndWaking) {
  with_changes_ = false;
  Run(test::Scaled(200'000, 50'000), 1);
}

TEST_F(IsolateStress, InPeace) {
  with_changes_ = false;
  Run(test::Scaled(500'000, 50'000), 256);
}

TEST_F(IsolateStress, WithMasksWithdrawalsAndDeaths) { Run(test::Scaled(500'000, 50'000), 64); }

TEST_F(IsolateStress, WithManyIsolatesOnEachCpu) {
  per_cpu_ = 4;
  Run(test::Scaled(250'000, 50'000), 64);
}

TEST_F(IsolateStress, WithManyIsolatesAndFewJobs) {
  per_cpu_ = 3;
  Run(test::Scaled(100'000, 50'000), 2);
}

}  // namespace
}  // namespace padata
