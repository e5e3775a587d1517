// What lib/module/isolate-main.ts and outbox.ts do with the seat of an isolate, step by step, in C++.
//
// Threads: all of it belongs to the isolate's thread.
#ifndef PADATA_TEST_SUPPORT_ISOLATE_STEPS_H_
#define PADATA_TEST_SUPPORT_ISOLATE_STEPS_H_

#include <cstdint>
#include <vector>

#include "core/isolate.h"
#include "padata.h"

namespace padata::test {

class IsolateSteps {
 public:
  // What a module function is given, and what it comes to.
  struct Input {
    uint32_t function;
    uint32_t type;
    bool is_serial;
    uint32_t shell;
    uint64_t seq_nr;
    int cb_cpu;
    double number;
    std::vector<uint8_t> bytes;
  };
  struct Output {
    uint32_t type = PADATA_RESULT_NONE;
    double number = 0;
    std::vector<uint8_t> bytes;
    int32_t status = 0;
  };

  explicit IsolateSteps(Isolate& isolate, size_t arena_bytes = 64 * 1024) : isolate_(isolate), arena_(arena_bytes) {}

  // Completes what was finished, and claims. Returns the slots that were filled.
  std::vector<uint32_t> Turn(uint32_t limit = Isolate::kSlots, bool may_sleep = false);
  // Completes only.
  void Flush() { Turn(0); }
  // False if the job was taken back; then the slot is free again.
  bool Begin(uint32_t slot);
  Input Read(uint32_t slot);
  void Finish(uint32_t slot, const Output& output);
  // What was claimed and not begun is for others.
  void GiveBack(const std::vector<uint32_t>& slots);

  Isolate& isolate() { return isolate_; }
  Isolate::Slot& slot(uint32_t index) { return isolate_.shared().slots[index]; }

 private:
  Isolate& isolate_;
  std::vector<uint8_t> arena_;
  uint32_t count_ = 0;
  uint32_t used_ = 0;
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_ISOLATE_STEPS_H_
