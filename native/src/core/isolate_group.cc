#include "core/isolate_group.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "core/check.h"
#include "core/environment.h"
#include "core/instance.h"
#include "core/job_runner.h"
#include "core/segment.h"
#include "core/shell.h"

namespace padata {
namespace {

RefPtr<SharedMemory> NewControl() {
  RefPtr<SharedMemory> memory = SharedMemory::Allocate(sizeof(IsolateGroup::Control));
  PADATA_CHECK(memory, "no memory for isolates");
  new (memory->data()) IsolateGroup::Control{};
  return memory;
}

}  // namespace

IsolateGroup::IsolateGroup(Instance& instance)
    : instance_(instance), control_memory_(NewControl()), queue_(control().queue) {}

RefPtr<Isolate> IsolateGroup::Add(int cpu) {
  RefPtr<Isolate> isolate(new Isolate(instance_, *this, cpu));
  MutexLock lock(mutex_);
  isolates_.push_back(isolate);
  return isolate;
}

void IsolateGroup::Remove(Isolate& isolate) {
  {
    MutexLock lock(mutex_);
    std::erase_if(isolates_, [&isolate](const auto& each) { return each.get() == &isolate; });
  }
  KickAnew();  // it may have been woken for a job, or have given some back
  if (HasSerial(isolate.cpu())) WakeForSerial(isolate.cpu());
}

void IsolateGroup::Clear() {
  std::vector<RefPtr<Isolate>> all;
  {
    MutexLock lock(mutex_);
    std::swap(all, isolates_);
  }
  for (const auto& isolate : all) isolate->Retire();  // the masks say nothing of serial()
}

std::vector<RefPtr<Isolate>> IsolateGroup::All() {
  MutexLock lock(mutex_);
  return isolates_;
}

// A job that is neither in the queue nor in a slot is on its way back into the queue, or is being completed: that is over in a moment.
bool IsolateGroup::Withdraw(Job* job) {
  const uint64_t seq_nr = Segment::Of(job)->SeqNr(job);
  while (true) {
    uint32_t state = JobState(seq_nr, JobPhase::kSubmitted);
    // relaxed: see TakeUp() in isolate.cc
    if (job->state.compare_exchange_strong(state, JobState(seq_nr, JobPhase::kWithdrawn), std::memory_order_relaxed))
      return false;
    if (state != JobState(seq_nr, JobPhase::kOutstanding)) return false;  // it is through
    const Isolate::Found found = WithdrawFromIsolates(job);
    if (found == Isolate::Found::kTaken) CompleteWith(job, -ECANCELED);
    if (found != Isolate::Found::kNot) return found == Isolate::Found::kTaken;
    YieldCpu();
  }
}

Isolate::Found IsolateGroup::WithdrawFromIsolates(const Job* job) {
  for (const auto& isolate : All()) {
    if (const Isolate::Found found = isolate->Withdraw(job); found != Isolate::Found::kNot) return found;
  }
  return Isolate::Found::kNot;
}

void IsolateGroup::Cancel(int32_t status) {
  std::array<Job*, Isolate::kSlots> batch;
  while (const size_t count = queue_.Claim(batch).count) {
    for (size_t i = 0; i < count; ++i) CompleteWith(batch[i], status);
  }
}

void IsolateGroup::Rescue() {
  for (const auto& isolate : All()) isolate->RescueIfStuck();
  if (queue_.IsStuck()) KickAnew();
}

// An isolate that gives way to the event loop may be the only one that is not stuck.
void IsolateGroup::KickAnew() {
  instance_.environment().ForgetBusy();
  control().attended.fetch_and(~kKickPending, std::memory_order_seq_cst);
  if (HasWork()) Kick(-1);
}

void IsolateGroup::LeaveUnusable() {
  for (const auto& isolate : All()) {
    if (!instance_.MayRun(isolate->cpu())) isolate->TakeBack();
  }
  KickAnew();
}

void IsolateGroup::Attend() {
  std::atomic<uint32_t>& attended = control().attended;
  if ((attended.fetch_add(1, std::memory_order_seq_cst) & kKickPending) != 0) {
    attended.fetch_and(~kKickPending, std::memory_order_seq_cst);
  }
}

void IsolateGroup::Kick(int avoid_cpu) {
  std::atomic<uint32_t>& attended = control().attended;
  if ((attended.fetch_or(kKickPending, std::memory_order_seq_cst) & kKickPending) != 0) return;
  if (WakeOne(avoid_cpu, true)) return;
  // Nobody was asleep. Jobs that came since then were not kicked for, and one may have gone to sleep behind our back.
  attended.fetch_and(~kKickPending, std::memory_order_seq_cst);
  if (HasWork()) WakeOne(avoid_cpu, true);
}

void IsolateGroup::ShareBacklog() {
  const uint64_t backlog_ns = uint64_t{queue_.Backlog()} * cost_ns();
  if (backlog_ns < Instance::kWakeWorthNs) return;
  const Environment& environment = instance_.environment();
  WakeOne(environment.loop_cpu(), backlog_ns >= Instance::kLoopCpuWorthNs && !environment.IsBusy());
}

uint64_t IsolateGroup::PatienceNs() const { return instance_.PatienceNs(uint64_t{queue_.Backlog()} * cost_ns()); }

// Not itself: it would only come here again. (Where it has left, the one that came after it is on the same CPU.)
void IsolateGroup::HandOn(const Isolate& isolate) {
  if (HasWork() && attendance() == 0) WakeOne(isolate.is_retired() ? -1 : isolate.cpu(), false);
}

bool IsolateGroup::WakeOne(int avoid_cpu, bool also_avoided) {
  RefPtr<Isolate> avoided;
  for (const auto& isolate : All()) {
    if (!isolate->IsAsleep() || isolate->is_retired() || !instance_.MayRun(isolate->cpu())) continue;
    if (isolate->cpu() == avoid_cpu) {
      avoided = isolate;
    } else if (isolate->WakeUp()) {
      return true;
    }
  }
  return also_avoided && avoided && avoided->WakeUp();
}

void IsolateGroup::DeliverSerial(Job* job) {
  const int cpu = job->cb_cpu;
  {
    MutexLock lock(serial_mutex_);
    serial_[cpu].jobs.push_back(job);
  }
  WakeForSerial(cpu);
}

void IsolateGroup::WakeForSerial(int cpu) {
  for (const auto& isolate : All()) {
    if (isolate->cpu() == cpu) isolate->WakeUp();
  }
}

Job* IsolateGroup::NextSerial(int cpu) {
  MutexLock lock(serial_mutex_);
  const auto inbox = serial_.find(cpu);
  if (inbox == serial_.end() || inbox->second.jobs.empty() || inbox->second.is_out) return nullptr;
  Job* const job = inbox->second.jobs.front();
  inbox->second.jobs.pop_front();
  inbox->second.is_out = true;
  return job;
}

bool IsolateGroup::HasSerial(int cpu) {
  MutexLock lock(serial_mutex_);
  const auto inbox = serial_.find(cpu);
  return inbox != serial_.end() && !inbox->second.jobs.empty() && !inbox->second.is_out;
}

void IsolateGroup::Serialized(Job* job) {
  const int cpu = job->cb_cpu;
  Segment::Of(job)->header.shell.load(std::memory_order_relaxed)->Serialized(job);
  {
    MutexLock lock(serial_mutex_);
    SerialInbox& inbox = serial_[cpu];
    inbox.is_out = false;
    if (inbox.jobs.empty()) return;
  }
  WakeForSerial(cpu);  // not always the isolate that ran this one
}

size_t IsolateGroup::CancelSerials(int cpu) {
  size_t count = 0;
  for (Job* job = NextSerial(cpu); job != nullptr; job = NextSerial(cpu)) {
    Serialized(job);
    ++count;
  }
  return count;
}

void IsolateGroup::ReturnSerial(Job* job) {
  MutexLock lock(serial_mutex_);
  SerialInbox& inbox = serial_[job->cb_cpu];
  inbox.jobs.push_front(job);
  inbox.is_out = false;
}

}  // namespace padata
