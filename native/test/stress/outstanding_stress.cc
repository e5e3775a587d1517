// Functions that leave work outstanding, completed by other threads in random order, some from inside parallel(), some twice:
// each job has its serial() once, in order, with the status and the result it was given (invariants 1, 2 and 7).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/engine.h"
#include "support/stress.h"

namespace padata {
namespace {

using test::Engine;
using test::Hash;
using test::Port;
using test::Random;

// What a job is to come to, by its number.
int32_t StatusOf(uint64_t random) { return random % 5 == 0 ? -EIO : 0; }
padata_result ResultOf(uint64_t random) {
  return {PADATA_RESULT_NUMBER, 0, nullptr, static_cast<double>(random % 1000)};
}

struct Work {
  padata_ticket ticket;
  const padata_api* api;
  uint64_t random;
};

// Threads that complete what lies here, in random order.
class Completers {
 public:
  explicit Completers(int threads) {
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([this, i] { Run(Random(test::Seed() + static_cast<uint64_t>(i))); });
  }
  ~Completers() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_over_ = true;
    }
    came_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Completers(const Completers&) = delete;
  Completers& operator=(const Completers&) = delete;

  void Add(const Work& work) {
    const std::lock_guard<std::mutex> lock(mutex_);
    works_.push_back(work);
    came_.notify_one();  // with the lock: without it the job may be complete, and the test over, before this is reached
  }

  // Completes one job, and tries to do it again.
  void Complete(const Work& work) {
    const padata_result result = ResultOf(work.random);
    if (work.api->do_serial(work.ticket, StatusOf(work.random), &result) != 0) ++faults_;
    if (work.random % 3 == 0 && work.api->do_serial(work.ticket, -ENOENT, nullptr) != -EINVAL) ++faults_;
  }
  uint64_t faults() const { return faults_; }

 private:
  void Run(Random random) {
    while (true) {
      std::unique_lock<std::mutex> lock(mutex_);
      came_.wait(lock, [this] { return is_over_ || !works_.empty(); });
      if (works_.empty()) return;
      std::swap(works_[random() % works_.size()], works_.back());
      const Work work = works_.back();
      works_.pop_back();
      lock.unlock();
      Complete(work);
    }
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Work> works_;
  bool is_over_ = false;
  std::atomic<uint64_t> faults_{0};
  std::vector<std::thread> threads_;
};

class Series {
 public:
  Series(Engine& engine, Completers& completers, uint64_t id, uint64_t jobs)
      : completers_(completers),
        id_(id),
        jobs_(jobs),
        function_(engine.Accept(Parallel, this, PADATA_MAY_LEAVE_OUTSTANDING)),
        port_(engine.loop(), engine.instance(), [this](Job& job, uint64_t info) { Serial(job, info); }) {
    for (int i = 0; i < 300; ++i) Submit();
  }
  bool IsThrough() const { return port_.delivered() == jobs_; }
  uint64_t progress() const { return progress_; }
  uint64_t faults() const { return faults_; }

 private:
  uint64_t RandomOf(uint64_t seq_nr) const { return Hash(id_ << 32 | seq_nr); }

  static int32_t Parallel(padata_call* call, void* ctx) {
    auto& series = *static_cast<Series*>(ctx);
    const Work work = {call->ticket, call->api, series.RandomOf(call->ticket.seq_nr)};
    switch (work.random >> 32 & 7) {
      case 0:  // not outstanding at all
        call->result = ResultOf(work.random);
        return StatusOf(work.random);
      case 1:
        series.completers_.Complete(work);
        return -EINPROGRESS;
      default:
        series.completers_.Add(work);
        return -EINPROGRESS;
    }
  }

  void Serial(const Job& job, uint64_t info) {
    const uint64_t random = RandomOf(info);
    const int32_t status = StatusOf(random);
    if (info != progress_.fetch_add(1) || job.status != status) ++faults_;
    if (status == 0 && job.result.number != ResultOf(random).number) ++faults_;
    Submit();
  }

  void Submit() {
    if (port_.submitted() < jobs_) port_.Submit({.parallel = function_, .info = port_.submitted()});
  }

  Completers& completers_;
  const uint64_t id_;
  const uint64_t jobs_;
  std::atomic<uint64_t> progress_{0};
  uint64_t faults_ = 0;
  NativeFunction* const function_;
  Port port_;
};

TEST(OutstandingStress, CompletedInRandomOrderByOtherThreads) {
  Engine engine;
  std::vector<std::unique_ptr<Series>> all;
  Completers completers(3);
  for (uint64_t id = 0; id < 4; ++id) {
    all.push_back(std::make_unique<Series>(engine, completers, id, test::Scaled(200'000)));
  }
  const test::Watchdog watchdog([&] {
    std::string text;
    for (const auto& each : all) text += std::to_string(each->progress()) + " ";
    return text;
  });
  engine.loop().RunUntil(
      [&] { return std::all_of(all.begin(), all.end(), [](const auto& each) { return each->IsThrough(); }); });
  for (const auto& each : all) EXPECT_EQ(each->faults(), 0u);
  EXPECT_EQ(completers.faults(), 0u);
}

}  // namespace
}  // namespace padata
