#include "core/isolate.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "core/check.h"
#include "core/clock.h"
#include "core/cpu_watcher.h"
#include "core/environment.h"
#include "core/instance.h"
#include "core/isolate_claim.h"
#include "core/isolate_group.h"
#include "core/job_runner.h"
#include "core/pinned_thread.h"
#include "core/segment.h"
#include "core/shell.h"

namespace padata {
namespace {

constexpr uint64_t kBatchNs = 20'000;  // jobs for about this long are claimed at once
constexpr uint64_t kLongNs = 40'000;   // an isolate with more than that before it does not count as attending
constexpr uint64_t kSpinNs = 40'000;   // how long one looks for work before it sleeps

std::atomic<uint32_t> spinning{0};  // one at a time in the process, see parallel_thread.cc

RefPtr<SharedMemory> NewShared() {
  RefPtr<SharedMemory> memory = SharedMemory::Allocate(sizeof(Isolate::Shared));
  PADATA_CHECK(memory, "no memory for an isolate");
  new (memory->data()) Isolate::Shared{};
  return memory;
}

Shell* ShellOf(const Job* job) { return Segment::Of(job)->header.shell.load(std::memory_order_relaxed); }

// The input of a slot: of serial() it is what the job came to.
std::span<const uint8_t> InputOf(const Job& job, bool is_serial) {
  if (job.bytes == nullptr) return {};
  if (!is_serial) return {job.bytes, job.size};
  if (job.result_type == PADATA_RESULT_NUMBER || job.result_type == kConstantResult) return {};
  return {job.bytes + job.result.range.offset, job.result_type == PADATA_RESULT_NONE ? 0 : job.result.range.size};
}

}  // namespace

Isolate::Isolate(Instance& instance, IsolateGroup& group, int cpu)
    : instance_(&instance), group_(group), cpu_(cpu), memory_(NewShared()) {}

void Isolate::Attach(Wake wake, void* arg) {
  AdoptThisThread(cpu_, "padata/m" + std::to_string(cpu_));
  MutexLock lock(wake_mutex_);
  wake_ = wake;
  wake_arg_ = arg;
}

void Isolate::Detach() {
  ReleaseThisThread();
  MutexLock lock(wake_mutex_);
  wake_ = nullptr;
}

bool Isolate::WakeUp() {
  std::atomic<uint32_t>& armed = shared().armed;
  if (armed.load(std::memory_order_seq_cst) == 0 || armed.exchange(0, std::memory_order_seq_cst) == 0) return false;
  MutexLock lock(wake_mutex_);  // so that Detach() returns only when no wake-up is under way
  if (wake_ == nullptr) return false;
  wake_(wake_arg_);
  return true;
}

uint32_t Isolate::Turn(std::span<uint8_t> arena) {
  const uint64_t now = MonotonicNs();
  const uint32_t done = Complete();
  if (done != 0) group_.Measured(done, now - returned_ns_);
  uint32_t count = 0;
  if (shared().limit != 0) {
    // It may be here because one of its own jobs ended, and is not to be taken for one that sleeps. relaxed: who still sees it armed only makes it
    // look once more.
    shared().armed.store(0, std::memory_order_relaxed);
    Attend(true);
    count = Claim(arena);
    if (count == 0) count = Sleep(arena);
  }
  if (count != 0) group_.ShareBacklog();
  Environment& environment = instance_->environment();
  const bool is_back_soon = count != 0 || (shared().limit == 0 && shared().may_sleep != 0);
  const uint64_t expected_ns = std::max<uint64_t>(count, 1) * group_.cost_ns();
  const bool is_long = shared().limit == 0 || expected_ns > kLongNs;
  if (!is_back_soon) {
    environment.Flush();
  } else if (is_long) {
    environment.FlushBefore(now + expected_ns);
  }
  if (is_long && attends_) {
    Attend(false);
    if (group_.HasWork()) group_.Kick(cpu_);
  }
  returned_ns_ = MonotonicNs();
  return count;
}

void Isolate::Attend(bool attends) {
  if (attends == attends_) return;
  attends_ = attends;
  attends ? group_.Attend() : group_.Unattend();
}

// How many jobs were finished since the last turn; the environment may have completed some of them.
uint32_t Isolate::Complete() {
  std::atomic<uint32_t>& outcomes = shared().outcomes;
  if (outcomes.load(std::memory_order_relaxed) == 0) return 0;
  MutexLock lock(outcome_mutex_);
  const uint32_t count = CompleteNew(group_.PatienceNs());
  completed_ = 0;
  outcomes.store(0, std::memory_order_relaxed);
  return count;
}

uint32_t Isolate::CompleteNew(uint64_t patience_ns) {
  Shared& own = shared();
  const uint32_t count = std::min(own.outcomes.load(std::memory_order_acquire), kSlots);
  Completion completion(patience_ns);
  for (; completed_ < count; ++completed_) {
    const Outcome& outcome = own.outcome[completed_];
    PADATA_CHECK(outcome.slot < kSlots && uint64_t{outcome.offset} + outcome.size <= kResultBytes, "a wrong outcome");
    Job* const job = JobIn(outcome.slot);
    if (own.slots[outcome.slot].is_serial == 0) {
      completion.Enter(ShellOf(job));
      Store(outcome, std::span(own.bytes).subspan(outcome.offset, outcome.size));
    } else {
      Release(outcome.slot);
      group_.Serialized(job);
    }
  }
  return count;
}

void Isolate::CompleteEarly() {
  MutexLock lock(outcome_mutex_);
  CompleteNew(0);
}

void Isolate::Finish(const Outcome& outcome, std::span<const uint8_t> bytes) {
  Completion completion(0);
  completion.Enter(ShellOf(JobIn(outcome.slot)));
  Store(outcome, bytes);
}

// Writes what a job came to, and marks it as done.
void Isolate::Store(const Outcome& outcome, std::span<const uint8_t> bytes) {
  Job* const job = Release(outcome.slot);
  job->status = outcome.status;
  job->result_type = outcome.type;
  if (outcome.type == PADATA_RESULT_NUMBER || outcome.type == kConstantResult) {
    job->result.number = outcome.number;
  } else if (outcome.type != PADATA_RESULT_NONE && !StoreModuleBytes(job, bytes, instance_->environment())) {
    job->status = -ENOMEM;
    job->result_type = PADATA_RESULT_NONE;
  }
  MarkDone(job);
}

Job* Isolate::Release(uint32_t slot) {
  Job* const job = JobIn(slot);
  jobs_[slot].store(nullptr, std::memory_order_relaxed);
  shared().slots[slot].state.store(kFree, std::memory_order_relaxed);  // the next one in it is our own doing
  return job;
}

// On the CPU of an event loop that needs it, where somebody else attends: see ParallelThread::StandsBack().
bool Isolate::StandsBack() {
  const Environment& environment = instance_->environment();
  return environment.loop_cpu() == cpu_ && environment.IsBusy() && group_.attendance() > (attends_ ? 1 : 0);
}

bool Isolate::MayClaim() {
  if (is_retired() || !instance_->MayRun(cpu_) || StandsBack()) return false;
  if (IsOnCpu(cpu_)) return true;
  CpuWatcher::Hint();  // the kernel has dropped the pin: others take the jobs until it is restored
  return false;
}

bool Isolate::IsWanted() { return group_.HasWork() || group_.HasSerial(cpu_); }

bool Isolate::FindsWork() {
  if (CountFree() == 0) return false;
  if (group_.HasSerial(cpu_) && !is_retired()) return true;
  return group_.HasWork() && MayClaim();
}

bool Isolate::Retire() {
  MutexLock lock(mutex_);
  is_retired_.store(true, std::memory_order_relaxed);
  return std::ranges::all_of(jobs_, [](const auto& job) { return job.load(std::memory_order_relaxed) == nullptr; });
}

void Isolate::GiveBack() {
  TakeBack();
  if (group_.HasWork()) group_.Kick(cpu_);
}

// Until there is something, or nothing is left: jobs that were withdrawn do not count.
uint32_t Isolate::Claim(std::span<uint8_t> arena) {
  std::vector<Job*> withdrawn;
  while (true) {
    const uint32_t count = ClaimOnce(arena, &withdrawn);
    if (withdrawn.empty()) return count;
    // Without the lock: whoever reorders may have to wake isolates.
    for (Job* job : withdrawn) CompleteWith(job, -ECANCELED);
    withdrawn.clear();
    if (count != 0) return count;
  }
}

uint32_t Isolate::ClaimOnce(std::span<uint8_t> arena, std::vector<Job*>* withdrawn) {
  MutexLock lock(mutex_);
  if (const uint32_t count = ClaimSerial(arena); count != 0) return count;
  return MayClaim() ? ClaimParallel(arena, withdrawn) : 0;
}

uint32_t Isolate::ClaimParallel(std::span<uint8_t> arena, std::vector<Job*>* withdrawn) {
  std::array<Job*, kSlots> claimed;
  uint32_t count = 0;
  const uint64_t fitting = std::clamp<uint64_t>(kBatchNs / (group_.cost_ns() + uint64_t{1}), 1, kSlots);
  const uint64_t wanted = std::min<uint64_t>({shared().limit, CountFree(), fitting});
  const auto [got, position] = group_.queue().Claim(std::span(claimed).first(wanted));
  if (got != 0) instance_->environment().LookAtLoop();
  for (size_t i = 0; i < got; ++i) {
    if (TakeUp(claimed[i])) {
      positions_[Fill(claimed[i], false, arena, &count)] = position + i;
    } else {
      withdrawn->push_back(claimed[i]);
    }
  }
  instance_->CountJobs(cpu_, static_cast<int64_t>(count));
  return count;
}

// One at a time, see IsolateGroup::NextSerial().
uint32_t Isolate::ClaimSerial(std::span<uint8_t> arena) {
  uint32_t count = 0;
  if (is_retired() || CountFree() == 0) return 0;
  Job* const job = group_.NextSerial(cpu_);
  if (job == nullptr) return 0;
  Fill(job, true, arena, &count);
  return count;
}

uint32_t Isolate::Fill(Job* job, bool is_serial, std::span<uint8_t> arena, uint32_t* count) {
  Shared& own = shared();
  const uint32_t index = FreeSlot();
  Slot& slot = own.slots[index];
  const std::span<const uint8_t> input = InputOf(*job, is_serial);
  slot.function = ModuleId(is_serial ? job->serial : job->parallel);
  const bool is_errno = is_serial && job->status != 0 && job->result_type == PADATA_RESULT_NONE;
  slot.type = is_errno ? kStatusInput : job->result_type & ~kOwnMemory;
  slot.is_serial = is_serial ? 1 : 0;
  slot.size = static_cast<uint32_t>(input.size());
  slot.shell = ShellOf(job)->id();
  slot.cb_cpu = job->cb_cpu;
  slot.seq_nr = static_cast<double>(Segment::Of(job)->SeqNr(job));
  slot.number = is_errno ? job->status : job->result.number;
  if (!is_serial) std::memcpy(&slot.submitted_ms, &job->part_size[1], sizeof(slot.submitted_ms));
  const bool fits = own.arena_used <= arena.size() && input.size() <= arena.size() - own.arena_used;
  slot.offset = fits ? own.arena_used : kNotFetched;
  if (fits && !input.empty()) {
    std::memcpy(arena.data() + own.arena_used, input.data(), input.size());
    own.arena_used += static_cast<uint32_t>((input.size() + 7) & ~size_t{7});
  }
  jobs_[index].store(job, std::memory_order_relaxed);
  own.inbox[(*count)++] = index;
  slot.state.store(kClaimed, std::memory_order_relaxed);
  return index;
}

void Isolate::Fetch(uint32_t slot, std::span<uint8_t> to) {
  const std::span<const uint8_t> input = InputOf(*JobIn(slot), shared().slots[slot].is_serial != 0);
  std::copy_n(input.begin(), std::min(to.size(), input.size()), to.begin());
}

uint32_t Isolate::FreeSlot() {
  while (shared().slots[next_slot_].state.load(std::memory_order_relaxed) != kFree)
    next_slot_ = (next_slot_ + 1) % kSlots;
  return std::exchange(next_slot_, (next_slot_ + 1) % kSlots);
}

uint32_t Isolate::CountFree() {
  const auto is_free = [](const Slot& slot) { return slot.state.load(std::memory_order_relaxed) == kFree; };
  return static_cast<uint32_t>(std::ranges::count_if(shared().slots, is_free));
}

// On the CPU of the event loop it would look in vain: the loop, which brings the work, cannot run meanwhile.
bool Isolate::Spin() {
  if (shared().may_sleep == 0 || instance_->environment().loop_cpu() == cpu_) return false;
  bool found = false;
  if (spinning.fetch_add(1, std::memory_order_relaxed) == 0) {
    const uint64_t end = MonotonicNs() + kSpinNs;
    while (!(found = group_.HasWork()) && MonotonicNs() < end) {
      for (int i = 0; i < 16; ++i) CpuRelax();
    }
  }
  spinning.fetch_sub(1, std::memory_order_relaxed);
  return found;
}

// Nothing was found: looks for a while, then says that it sleeps, and looks once more.
uint32_t Isolate::Sleep(std::span<uint8_t> arena) {
  instance_->environment().Flush();
  if (Spin()) {
    if (const uint32_t count = Claim(arena); count != 0) return count;
  }
  while (true) {
    shared().armed.store(1, std::memory_order_seq_cst);
    Attend(false);
    if (!FindsWork()) {
      group_.HandOn(*this);
      return 0;
    }
    if (shared().armed.exchange(0, std::memory_order_seq_cst) == 0) return 0;  // it was woken
    Attend(true);
    if (const uint32_t count = Claim(arena); count != 0) return count;
  }
}

}  // namespace padata
