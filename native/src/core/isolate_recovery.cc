// What is taken from an isolate, and what is left of one that has died; see isolate.h.
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "core/instance.h"
#include "core/isolate.h"
#include "core/isolate_group.h"
#include "core/segment.h"

namespace padata {
namespace {

// The other way round than TakeUp() in isolate.cc, for a job that goes back into the queue.
void LayDown(Job* job) {
  job->state.store(JobState(Segment::Of(job)->SeqNr(job), JobPhase::kSubmitted), std::memory_order_relaxed);
}

}  // namespace

void Isolate::TakeBack() {
  std::array<JobQueue::Returned, kSlots> taken;
  size_t count = 0;
  MutexLock lock(mutex_);
  for (uint32_t i = 0; i < kSlots; ++i) {
    Slot& slot = shared().slots[i];
    uint32_t claimed = kClaimed;
    if (JobIn(i) == nullptr || slot.is_serial != 0) continue;
    if (!slot.state.compare_exchange_strong(claimed, kTaken, std::memory_order_relaxed)) continue;
    taken[count++] = {positions_[i], jobs_[i].exchange(nullptr, std::memory_order_relaxed)};
  }
  if (count == 0) return;
  for (const auto& [position, job] : std::span(taken).first(count)) LayDown(job);
  instance_->CountJobs(cpu_, -static_cast<int64_t>(count));
  group_.queue().GiveBack(std::span(taken).first(count));
}

void Isolate::RescueIfStuck() {
  const uint32_t progress = shared().progress.load(std::memory_order_relaxed);
  if (std::exchange(seen_progress_, progress) != progress) return;
  CompleteEarly();
  TakeBack();
}

Isolate::Found Isolate::Withdraw(const Job* job) {
  MutexLock lock(mutex_);
  for (uint32_t i = 0; i < kSlots; ++i) {
    Slot& slot = shared().slots[i];
    uint32_t claimed = kClaimed;
    if (JobIn(i) != job || slot.is_serial != 0) continue;
    if (!slot.state.compare_exchange_strong(claimed, kTaken, std::memory_order_relaxed)) return Found::kBegun;
    jobs_[i].store(nullptr, std::memory_order_relaxed);
    instance_->CountJobs(cpu_, -1);
    return Found::kTaken;
  }
  return Found::kNot;
}

std::vector<Isolate::Died> Isolate::Abandon() {
  Complete();
  shared().armed.store(0, std::memory_order_seq_cst);
  Attend(false);
  TakeBack();
  std::vector<Died> died = DropAll();
  for (const Died& each : died) {
    if (each.is_serial) group_.Serialized(each.job);
  }
  return died;
}

std::vector<Isolate::Died> Isolate::DropAll() {
  std::vector<Died> died;
  MutexLock lock(mutex_);
  for (uint32_t i = 0; i < kSlots; ++i) {
    Slot& slot = shared().slots[i];
    const bool has_begun = slot.state.load(std::memory_order_relaxed) == kBegun;
    Job* const job = jobs_[i].exchange(nullptr, std::memory_order_relaxed);
    if (job == nullptr) continue;
    if (slot.is_serial != 0 && !has_begun) {
      group_.ReturnSerial(job);
    } else {
      died.push_back({job, slot.shell, Segment::Of(job)->SeqNr(job), slot.is_serial != 0});
    }
    slot.state.store(kFree, std::memory_order_relaxed);
  }
  return died;
}

}  // namespace padata
