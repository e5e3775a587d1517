#include "support/isolate_steps.h"

#include <algorithm>

namespace padata::test {

std::vector<uint32_t> IsolateSteps::Turn(uint32_t limit, bool may_sleep) {
  Isolate::Shared& own = isolate_.shared();
  own.limit = limit;
  own.may_sleep = may_sleep ? 1 : 0;
  if (own.arena_used > arena_.size() / 2) own.arena_used = 0;  // inputs were copied when they were read
  const uint32_t count = isolate_.Turn(arena_);
  count_ = used_ = 0;
  return {own.inbox.begin(), own.inbox.begin() + count};
}

bool IsolateSteps::Begin(uint32_t index) {
  uint32_t claimed = Isolate::kClaimed;
  if (slot(index).state.compare_exchange_strong(claimed, Isolate::kBegun)) {
    isolate_.shared().progress.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  slot(index).state.store(Isolate::kFree);
  return false;
}

IsolateSteps::Input IsolateSteps::Read(uint32_t index) {
  const Isolate::Slot& from = slot(index);
  Input input{
      from.function, from.type, from.is_serial != 0, from.shell, static_cast<uint64_t>(from.seq_nr), from.cb_cpu,
      from.number,   {}};
  input.bytes.resize(from.size);
  if (from.offset == Isolate::kNotFetched) {
    isolate_.Fetch(index, input.bytes);
  } else {
    std::copy_n(arena_.begin() + from.offset, from.size, input.bytes.begin());
  }
  return input;
}

void IsolateSteps::Finish(uint32_t index, const Output& output) {
  Isolate::Shared& own = isolate_.shared();
  const auto size = static_cast<uint32_t>(output.bytes.size());
  Isolate::Outcome outcome{index, output.type, used_, size, output.number, output.status, 0};
  if (size > Isolate::kResultBytes / 4) {
    outcome.offset = outcome.size = 0;
    isolate_.Finish(outcome, output.bytes);
  } else {
    if (count_ == Isolate::kSlots || used_ + size > Isolate::kResultBytes) Flush();
    outcome.offset = used_;
    own.outcome[count_] = outcome;
    std::copy(output.bytes.begin(), output.bytes.end(), own.bytes.begin() + used_);
    used_ += size;
    own.outcomes.store(++count_);
  }
  own.progress.fetch_add(1, std::memory_order_relaxed);
}

void IsolateSteps::GiveBack(const std::vector<uint32_t>& slots) {
  isolate_.GiveBack();
  for (uint32_t index : slots) slot(index).state.store(Isolate::kFree);
}

}  // namespace padata::test
