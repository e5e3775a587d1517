// What the unit tests of isolates begin with: an instance that runs module functions, and one shell.
#ifndef PADATA_TEST_SUPPORT_ISOLATES_H_
#define PADATA_TEST_SUPPORT_ISOLATES_H_

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "support/engine.h"
#include "support/isolate_seat.h"

namespace padata::test {

class IsolatesTest : public testing::Test {
 protected:
  // What a job came to, in its turn.
  struct Done {
    int32_t status;
    uint32_t result_type;
    double number;
    uint32_t size;
    SharedMemory* own;  // nullptr: none
  };

  IsolatesTest() {
    instance().MakeIsolates();
    port_ = std::make_unique<Port>(engine_.loop(), engine_.instance(), [this](Job& job, uint64_t) { Note(job); });
  }

  Instance& instance() { return *instance_; }
  IsolateGroup& group() { return *instance().isolates(); }

  // One with a module function as parallel(), unless it says something else.
  Job* Submit(Submission submission) {
    if (submission.module_parallel == 0 && submission.parallel == nullptr && submission.module_serial == 0) {
      submission.module_parallel = 1;
    }
    return port_->Submit(submission);
  }
  // So that many of them are claimed at once.
  void MakeShort() {
    for (int i = 0; i < 50; ++i) group().Measured(1000, 0);
  }
  // Does what waits, and delivers everything.
  void FinishAll(IsolateSeat& seat) {
    seat.Turn(0);
    while (seat.RunOne()) {
    }
    engine_.loop().Drain();
    EXPECT_EQ(port_->pending(), 0u);
  }
  void ExpectAll(const std::vector<int32_t>& statuses) {
    engine_.loop().Drain();
    std::vector<int32_t> all;
    for (const Done& each : done_) all.push_back(each.status);
    EXPECT_EQ(all, statuses);
  }
  void SetParallel(std::initializer_list<int> cpus) {
    CpuMask mask;
    for (int cpu : cpus) mask.Set(cpu);
    ASSERT_EQ(instance().SetCpumask(CpumaskType::kParallel, mask), 0);
  }

  Engine engine_;
  const RefPtr<Instance> instance_ = engine_.reference();
  std::vector<Done> done_;
  std::unique_ptr<Port> port_;

 private:
  void Note(const Job& job) {
    Done done{job.status, job.result_type, 0, 0, nullptr};
    const uint32_t type = job.result_type & ~kOwnMemory;
    if (type == PADATA_RESULT_NUMBER || type == kConstantResult)
      done.number = job.result.number;
    else
      done.size = job.result.range.size;
    if ((job.result_type & kOwnMemory) != 0) std::memcpy(&done.own, &job.part_size[1], sizeof(done.own));
    done_.push_back(done);
  }
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_ISOLATES_H_
