#include "core/parallel_thread.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "core/clock.h"
#include "core/cpu_watcher.h"
#include "core/job_runner.h"
#include "core/pinned_thread.h"
#include "core/roster.h"
#include "core/segment.h"

namespace padata {
namespace {

// Never destroyed: the threads live as long as the process.
std::array<std::atomic<ParallelThread*>, Instance::kMaxCpuIds> threads;
Mutex creation_mutex;

// One thread that looks for work is enough for the whole process; more would only take CPU time from those that have some.
std::atomic<uint32_t> spinning{0};

Shell* ShellOf(const Job* job) { return Segment::Of(job)->header.shell.load(std::memory_order_relaxed); }

}  // namespace

ParallelThread* ParallelThread::On(int cpu) {
  return threads[static_cast<size_t>(cpu)].load(std::memory_order_acquire);
}

int ParallelThread::Ensure(int cpu) {
  if (On(cpu) != nullptr) return 0;
  MutexLock lock(creation_mutex);
  if (On(cpu) != nullptr) return 0;
  auto* const thread = new ParallelThread(cpu);
  std::atomic<ParallelThread*>& slot = threads[static_cast<size_t>(cpu)];
  // The thread is known before it begins a job, so that whoever takes its CPU away waits for it.
  const int status = StartPinnedThread(cpu, "padata/p" + std::to_string(cpu), [thread, &slot] {
    slot.store(thread, std::memory_order_release);
    thread->Run();
  });
  if (status != 0) {
    delete thread;
    return status;
  }
  slot.store(thread, std::memory_order_release);  // on return, too
  return 0;
}

bool ParallelThread::Wake(int cpu) {
  ParallelThread* const thread = On(cpu);
  if (thread == nullptr) return Ensure(cpu) == 0;
  return thread->parker_.IsParked() && thread->parker_.TryUnpark();
}

void ParallelThread::ForEach(const std::function<void(ParallelThread&)>& visit) {
  for (const auto& slot : threads) {
    ParallelThread* const thread = slot.load(std::memory_order_acquire);
    if (thread != nullptr) visit(*thread);
  }
}

void ParallelThread::WakeAll() {
  ForEach([](ParallelThread& thread) { thread.parker_.TryUnpark(); });
}

void ParallelThread::WakeStrays() {
  ForEach([](ParallelThread& thread) {
    if (thread.is_astray_.load(std::memory_order_seq_cst)) thread.parker_.TryUnpark();
  });
}

void ParallelThread::Run() {
  while (true) {
    if (Roster::generation() != generation_) Refresh();
    if (!IsOnCpu(cpu_)) {
      AwaitPin();
    } else if (StandsBack()) {
      FlushAll();
      ParkUnless([this] { return !IsReplaced(); });
    } else if (!RunRound()) {
      Idle();
    }
  }
}

// The new list is attended to before the old one is left, and a queue that is left alone with jobs in it is handed on: so
// there is always somebody who looks at it.
void ParallelThread::Refresh() {
  std::vector<RefPtr<Instance>> now = Roster::For(cpu_, &generation_);
  for (const auto& instance : now) instance->Attend();
  std::swap(roster_, now);
  for (const auto& instance : now) {
    instance->Unattend();
    instance->environment().Flush();
    instance->HandOn(cpu_);
  }
}

bool ParallelThread::RunRound() {
  bool found = false;
  for (const auto& instance : roster_) {
    found |= RunBatch(*instance);
    found |= RunChunks(*instance);
  }
  return found;
}

// One turn for one multithreaded job. How long its chunks take is not known: meanwhile this thread attends to nothing.
bool ParallelThread::RunChunks(Instance& instance) {
  if (!instance.MayRun(cpu_)) return false;
  const RefPtr<MtJob> job = instance.mt().Join(cpu_);
  if (!job) return false;
  instance.CallHelpers();
  FlushAll();
  for (const auto& each : roster_) each->Unattend();
  RunTurn(instance, *job);
  instance.mt().Leave(*job);
  for (const auto& each : roster_) each->Attend();
  YieldToLoop(instance);
  return true;
}

void ParallelThread::RunTurn(Instance& instance, MtJob& job) {
  ++round_;
  batch_of_.store(nullptr, std::memory_order_relaxed);  // nothing to take back; published with progress_
  const MtSeat seat = job.SeatOf(cpu_);
  uint64_t end = MonotonicNs() + kTurnNs;
  while (MayBeginChunk(instance) && job.RunChunk(seat)) {
    const uint64_t now = MonotonicNs();
    if (now < end) continue;
    if (!IsAloneWith(instance)) break;
    end = now + kTurnNs;
  }
  progress_.store(kIdle, std::memory_order_release);
}

// As MayBegin(), but nobody takes chunks back.
bool ParallelThread::MayBeginChunk(Instance& instance) {
  progress_.store(round_ << 10 | kChecking, std::memory_order_release);
  AsymmetricFence::Light();
  if (!instance.MayRun(cpu_)) [[unlikely]]
    return false;
  progress_.store(round_ << 10 | kRunning, std::memory_order_release);
  return true;
}

// Whether nothing but one multithreaded job of `instance` wants this thread.
bool ParallelThread::IsAloneWith(const Instance& instance) const {
  if (Roster::generation() != generation_ || !IsOnCpu(cpu_)) return false;
  return std::none_of(roster_.begin(), roster_.end(), [&](const auto& each) {
    return each->HasWork() || each->mt().size() > (each.get() == &instance ? 1 : 0);
  });
}

bool ParallelThread::RunBatch(Instance& instance) {
  if (!instance.MayRun(cpu_)) return false;
  const uint64_t cost_ns = instance.cost_ns();
  const size_t wanted = std::clamp<uint64_t>(kBatchNs / (cost_ns + 1), 1, kMaxBatch);
  const JobQueue::Claimed claimed = instance.Claim(cpu_, std::span(batch_).first(wanted));
  count_ = claimed.count;
  position_ = claimed.position;
  if (count_ == 0) return false;
  instance.environment().LookAtLoop();  // not behind the jobs: completing them has just woken it
  instance.ShareBacklog();
  const bool is_long = count_ * cost_ns > kLongNs;
  if (is_long) {
    const uint64_t end_ns = MonotonicNs() + count_ * cost_ns;
    for (const auto& each : roster_) each->environment().FlushBefore(end_ns);
    for (const auto& each : roster_) each->Unattend();
  }
  RunJobs(instance);
  if (is_long) {
    for (const auto& each : roster_) each->Attend();
  }
  YieldToLoop(instance);
  return true;
}

// The loop brings the work: where it waits for this very CPU it goes first. If it has nothing to do but to look for results, it may as well do so
// when there are more of them. If it sleeps, a timer or a socket may have woken it, and the scheduler lets it wait for some milliseconds.
void ParallelThread::YieldToLoop(Instance& instance) {
  Environment& environment = instance.environment();
  const bool is_here = environment.loop_cpu() == cpu_;
  if (!is_here && !environment.IsComing()) return;
  if (is_here && !environment.IsAtWork() && !environment.IsComing()) {
    const uint64_t patience_ns = environment.IsAwake() ? std::min(instance.PatienceNs(), kMostYieldNs) : kMostYieldNs;
    if (MonotonicNs() - yielded_ns_ < patience_ns) return;
  }
  YieldCpu();
  yielded_ns_ = MonotonicNs();
}

void ParallelThread::RunJobs(Instance& instance) {
  ++round_;
  batch_of_.store(&instance, std::memory_order_relaxed);  // published with progress_
  const uint64_t start = MonotonicNs();
  const size_t count = count_;
  for (size_t index = 0; index < count_;) index = RunShell(instance, index);
  LeaveBatch();
  if (count_ == count) instance.Measured(cpu_, count, MonotonicNs() - start);
}

// The next batch overwrites this one, which TakeBack() may be looking at.
void ParallelThread::LeaveBatch() {
  progress_.store(kIdle, std::memory_order_release);
  AsymmetricFence::Light();                                     // partner: TakeBack()
  if (revoked_.load(std::memory_order_acquire)) [[unlikely]] {  // acquire: if it is through, it has read the batch
    MutexLock until_it_is_through(take_back_mutex_);
  }
}

// Runs the jobs of one shell that stand one behind the other in the batch; returns the index of the next one.
size_t ParallelThread::RunShell(Instance& instance, size_t index) {
  if (!MayBegin(instance, index)) return EndEarly(instance, index);
  // Only now: a job that was taken back may be through, and its shell be gone.
  Shell* const shell = ShellOf(batch_[index]);
  shell->Enter();
  do {
    RunParallel(instance, batch_[index], cpu_);
    ++index;
  } while (index < count_ && ShellOf(batch_[index]) == shell && MayBegin(instance, index));
  shell->Reorder(instance.PatienceNs());
  shell->Leave();
  return index;
}

bool ParallelThread::MayBegin(Instance& instance, size_t index) {
  const uint64_t here = round_ << 10 | index << 2;
  progress_.store(here | kChecking, std::memory_order_release);  // release: TakeBack() reads the batch
  AsymmetricFence::Light();
  if (revoked_.load(std::memory_order_relaxed) || !instance.MayRun(cpu_)) [[unlikely]] {
    progress_.store(kIdle, std::memory_order_release);
    return false;
  }
  progress_.store(here | kRunning, std::memory_order_release);
  return true;
}

// The job at `index` has not begun, and must not: either this CPU is not usable any more, or somebody takes the batch back.
size_t ParallelThread::EndEarly(Instance& instance, size_t index) {
  {
    MutexLock lock(take_back_mutex_);  // until TakeBack() is through
    if (taken_) {
      taken_ = false;
      revoked_.store(false, std::memory_order_relaxed);
      count_ = index;
      return index;
    }
  }
  if (instance.MayRun(cpu_)) return index;  // nothing was taken: go on
  GiveBackFrom(instance, index);
  instance.Kick(cpu_);
  count_ = index;
  return index;
}

// By whoever takes them: the thread itself, or TakeBack().
void ParallelThread::GiveBackFrom(Instance& instance, size_t index) {
  std::array<JobQueue::Returned, kMaxBatch> jobs;
  for (size_t i = index; i < count_; ++i) jobs[i - index] = {position_ + i, batch_[i]};
  instance.GiveBack(cpu_, std::span(jobs).first(count_ - index));
}

void ParallelThread::AwaitNotChecking() const {
  SpinUntil([this] { return PhaseOf(progress_.load(std::memory_order_acquire)) != kChecking; });
}

void ParallelThread::TakeBack(Instance& instance) {
  MutexLock lock(take_back_mutex_);
  const uint64_t before = std::exchange(seen_progress_, progress_.load(std::memory_order_acquire));
  if (before != seen_progress_ || PhaseOf(before) != kRunning || taken_) return;
  if (batch_of_.load(std::memory_order_relaxed) != &instance) return;
  revoked_.store(true, std::memory_order_relaxed);
  AsymmetricFence::Heavy();
  AwaitNotChecking();
  // Still in that job? Then it will find revoked_ set before it begins another one or leaves the batch, and wait for this lock.
  const size_t next = (before >> 2 & 0xff) + 1;
  const bool stuck = progress_.load(std::memory_order_acquire) == before;
  if (stuck) ShellOf(batch_[next - 1])->Reorder();
  if (stuck && next < count_) {
    GiveBackFrom(instance, next);
    taken_ = true;  // EndEarly() takes both flags down
  } else {
    revoked_.store(false, std::memory_order_release);  // partner: LeaveBatch()
  }
}

bool ParallelThread::FindsWork() const {
  if (Roster::generation() != generation_) return true;
  return std::any_of(roster_.begin(), roster_.end(), [this](const auto& each) { return each->HasWorkFor(cpu_); });
}

// The kernel has dropped the pin and moved the thread: it leaves the jobs to others until the watcher has pinned it again, or has found
// out that the CPU is not usable any more.
void ParallelThread::AwaitPin() {
  FlushAll();
  for (const auto& instance : roster_) instance->HandOn(cpu_);
  is_astray_.store(true,
                   std::memory_order_seq_cst);  // before the hint, so that the look that it leads to wakes this thread
  // Without an instance that may use this CPU the watcher knows already; and its looks wake this thread, so to ask for another would go on for ever.
  if (!roster_.empty()) CpuWatcher::Hint();
  const auto is_missed = [](const auto& instance) { return instance->HasWork() && instance->attendance() == 0; };
  ParkUnless([this, is_missed] {
    return Roster::generation() != generation_ || IsOnCpu(cpu_) ||
           std::any_of(roster_.begin(), roster_.end(), is_missed);
  });
  is_astray_.store(false, std::memory_order_relaxed);
}

// Keeps what Shell::Reorder() was promised, before this thread does anything that takes long.
void ParallelThread::FlushAll() {
  for (const auto& instance : roster_) instance->environment().Flush();
}

void ParallelThread::Idle() {
  FlushAll();
  if (!Spin()) ParkUnless([this] { return FindsWork(); });
}

// Looks for work for a while; true if there is some. On the CPU of an event loop it would look in vain: the loop, which brings the
// work, cannot run meanwhile.
bool ParallelThread::Spin() {
  const auto is_shared = [this](const auto& instance) { return instance->environment().loop_cpu() == cpu_; };
  if (std::any_of(roster_.begin(), roster_.end(), is_shared)) return FindsWork();
  bool found = false;
  if (spinning.fetch_add(1, std::memory_order_relaxed) == 0) {
    const uint64_t end = MonotonicNs() + kSpinNs;
    while (!(found = FindsWork()) && MonotonicNs() < end) {
      for (int i = 0; i < 16; ++i) CpuRelax();
    }
  }
  spinning.fetch_sub(1, std::memory_order_relaxed);
  return found;
}

// Sleeps until it is woken, unless there is a reason not to. That is looked for when the thread does not attend any more: what is
// submitted from then on wakes it.
template <typename Reason>
void ParallelThread::ParkUnless(Reason reason) {
  parker_.Prepare();
  for (const auto& instance : roster_) instance->Unattend();
  if (reason()) {
    parker_.Cancel();
  } else {
    parker_.Park();
  }
  for (const auto& instance : roster_) instance->Attend();
}

bool ParallelThread::IsWantedForChunks() const {
  return std::any_of(roster_.begin(), roster_.end(), [this](const auto& each) { return each->mt().Wants(cpu_); });
}

bool ParallelThread::LoopNeedsCpu(const Instance& instance) const {
  const Environment& environment = instance.environment();
  return environment.loop_cpu() == cpu_ && environment.IsBusy();
}

// On the CPU of an event loop that needs it: the loop feeds the threads of all other CPUs, so they get less if it waits here.
bool ParallelThread::StandsBack() const {
  return !IsWantedForChunks() && std::any_of(roster_.begin(), roster_.end(), [this](const auto& instance) {
    return LoopNeedsCpu(*instance) && instance->attendance() > 1;
  });
}

// Whether this thread, while it does not attend, is missed by nobody. Others that attend may be stuck in a long job: that is found
// out by Instance::Rescue(), after which no loop needs this CPU.
bool ParallelThread::IsReplaced() const {
  const auto is_needed = [](const auto& instance) { return instance->HasWork() && instance->attendance() == 0; };
  return Roster::generation() == generation_ && !IsWantedForChunks() &&
         std::none_of(roster_.begin(), roster_.end(), is_needed) &&
         std::any_of(roster_.begin(), roster_.end(), [this](const auto& instance) { return LoopNeedsCpu(*instance); });
}

}  // namespace padata
