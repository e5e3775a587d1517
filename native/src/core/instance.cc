#include "core/instance.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "core/check.h"
#include "core/clock.h"
#include "core/job_runner.h"
#include "core/parallel_thread.h"
#include "core/roster.h"
#include "core/segment.h"

namespace padata {
namespace {

RefPtr<SharedMemory> NewControl() {
  RefPtr<SharedMemory> memory = SharedMemory::Allocate(sizeof(Instance::Control));
  PADATA_CHECK(memory, "no memory for an instance");
  new (memory->data()) Instance::Control{};
  return memory;
}

// At least one thread is there before jobs are; the others come when there is work for them.
int EnsureOneThread(const CpuMask& usable) {
  for (int cpu : usable) {
    if (ParallelThread::On(cpu) != nullptr) return 0;
  }
  int status = 0;
  for (int cpu : usable) {
    status = ParallelThread::Ensure(cpu);
    if (status == 0) return 0;
  }
  return status;
}

}  // namespace

Instance::Instance(Environment& environment, std::string name, CpuSources sources, int check_ms)
    : environment_(&environment),
      name_(std::move(name)),
      sources_(std::move(sources)),
      check_ms_(check_ms),
      control_memory_(NewControl()),
      queue_(control().queue),
      mt_([this] { environment_->TellMtDone(); }),
      jobs_on_(std::make_unique<std::atomic<uint64_t>[]>(kMaxCpuIds)) {}

Instance::~Instance() { delete isolates(); }

int Instance::Create(Environment& environment, std::string name, Cpumasks masks, CpuSources sources,
                     RefPtr<Instance>* instance, int check_ms) {
  RefPtr<Instance> made(new Instance(environment, std::move(name), std::move(sources), check_ms));
  {
    MutexLock lock(made->mutex_);
    if (const int status = made->Apply(std::move(masks)); status != 0) return status;
  }
  if (const int status = CpuWatcher::Add(check_ms); status != 0) return status;
  Roster::Add(*made);
  *instance = std::move(made);
  return 0;
}

void Instance::Close() {
  Stop();
  Halt();
  Roster::Remove(*this);
  CpuWatcher::Remove(check_ms_);
  ParallelThread::WakeAll();
  if (IsolateGroup* const group = isolates()) group->Clear();
  mt_.StopAll();
}

void Instance::Halt() {
  MutexLock lock(mutex_);
  halted_ = true;
  PublishUsable(CpuMask());
}

int Instance::SetCpumask(CpumaskType type, CpuMask mask) {
  MutexLock lock(mutex_);
  Cpumasks masks = user_supplied_;
  (type == CpumaskType::kParallel ? masks.parallel : masks.serial) = std::move(mask);
  return Apply(std::move(masks));
}

int Instance::Apply(Cpumasks masks) {
  std::atomic<uint32_t>& flags = control().flags;
  flags.fetch_or(kChanging, std::memory_order_relaxed);
  const CpuMask available = halted_ ? CpuMask() : sources_.Available();
  Cpumasks usable{masks.parallel.And(available), masks.serial.And(available)};
  const int status = EnsureOneThread(usable.parallel);
  if (status == 0) {
    user_supplied_ = std::move(masks);
    SetUsable(std::move(usable));
  }
  flags.fetch_and(~kChanging, std::memory_order_relaxed);
  return status;
}

void Instance::Follow(const CpuMask& system, const CpuMask& unpinned) {
  MutexLock lock(mutex_);
  if (halted_) return;
  IsolateGroup* const group = isolates();
  if (group != nullptr && group->HasWork()) group->Kick(-1);  // one that had lost its pin may have it again
  const CpuMask available = (sources_.IsSystem() ? system : sources_.Available()).AndNot(unpinned);
  Cpumasks usable{user_supplied_.parallel.And(available), user_supplied_.serial.And(available)};
  if (usable == usable_) return;
  std::atomic<uint32_t>& flags = control().flags;
  if (refuses_while_following_) flags.fetch_or(kChanging, std::memory_order_relaxed);
  // No thread can be had at present: the next look tries again, and until then no job is to be waited for in vain.
  if (EnsureOneThread(usable.parallel) != 0) usable.parallel = {};
  const bool changes = usable != usable_;
  if (changes) SetUsable(std::move(usable));
  flags.fetch_and(~kChanging, std::memory_order_relaxed);
  if (changes) environment_->TellMasksChanged();
}

void Instance::RefuseWhileFollowing() {
  MutexLock lock(mutex_);
  refuses_while_following_ = true;
}

void Instance::SetUsable(Cpumasks usable) {
  if (usable_ != usable) control().mask_generation.fetch_add(1, std::memory_order_relaxed);
  NoteUsable(usable_.parallel.Or(usable_.serial), usable.parallel.Or(usable.serial));
  usable_ = std::move(usable);
  PublishUsable(usable_.parallel);
  const bool invalid = usable_.parallel.IsEmpty() || usable_.serial.IsEmpty();
  std::atomic<uint32_t>& flags = control().flags;
  invalid ? flags.fetch_or(kInvalid, std::memory_order_relaxed) : flags.fetch_and(~kInvalid, std::memory_order_relaxed);
  control().attended.fetch_and(~kKickPending,
                               std::memory_order_seq_cst);  // whoever was called may not be usable any more
  mt_.MasksChanged(usable_.parallel);
  HandOn(-1);
}

void Instance::NoteUsable(const CpuMask& before, const CpuMask& after) {
  for (int cpu : before.AndNot(after)) usable_since_ms_.erase(cpu);
  for (int cpu : after.AndNot(before)) usable_since_ms_[cpu] = WallClockMs();
}

std::vector<Instance::CpuStats> Instance::StatsOfCpus() const {
  std::unordered_map<int, PinCounts> pins = CountPins();
  MutexLock lock(mutex_);
  CpuMask cpus = usable_.parallel.Or(usable_.serial);
  for (const auto& [cpu, counts] : pins) {
    if (counts.lost != 0) cpus.Set(cpu);
  }
  for (int cpu = 0; cpu < kMaxCpuIds; ++cpu) {
    if (JobsOn(cpu) != 0) cpus.Set(cpu);
  }
  std::vector<CpuStats> all;
  for (int cpu : cpus) {
    const auto since = usable_since_ms_.find(cpu);
    all.push_back({cpu, JobsOn(cpu), pins[cpu], since == usable_since_ms_.end() ? -1 : since->second});
  }
  return all;
}

// When this returns, no thread begins a job on a CPU that is not in `parallel`.
void Instance::PublishUsable(const CpuMask& parallel) {
  CpuMask leaving;
  // First, and it never falls: who sees a bit too late is made up for by Roster::Changed(), and so is who sees this too late.
  const size_t words = std::min(parallel.words().size(), usable_bits_.size());
  usable_words_.store(std::max(words, usable_words_.load(std::memory_order_relaxed)), std::memory_order_relaxed);
  for (size_t word = 0; word < usable_bits_.size(); ++word) {
    const uint64_t bits = word < parallel.words().size() ? parallel.words()[word] : 0;
    const uint64_t gone = usable_bits_[word].exchange(bits, std::memory_order_relaxed) & ~bits;
    for (int bit = 0; bit < 64 && gone >> bit != 0; ++bit) {
      if ((gone >> bit & 1) != 0) leaving.Set(static_cast<int>(word) * 64 + bit);
    }
  }
  usable_count_.store(static_cast<uint32_t>(std::max(parallel.Weight(), 1)), std::memory_order_relaxed);
  AsymmetricFence::Heavy();  // partner: ParallelThread::MayBegin()
  for (int cpu : leaving) {
    const ParallelThread* const thread = ParallelThread::On(cpu);
    if (thread != nullptr) thread->AwaitNotChecking();
  }
  if (IsolateGroup* const group = isolates()) group->LeaveUnusable();
  Roster::Changed();
}

void Instance::Start() { control().flags.fetch_and(~kStopped, std::memory_order_relaxed); }

void Instance::Stop() { control().flags.fetch_or(kStopped, std::memory_order_relaxed); }

void Instance::CancelBacklog() {
  std::array<Job*, 64> batch;
  while (const size_t count = queue_.Claim(batch).count) {
    for (size_t i = 0; i < count; ++i) CompleteWith(batch[i], -ECANCELED);
  }
  if (IsolateGroup* const group = isolates()) group->Cancel(-ECANCELED);
}

IsolateGroup& Instance::MakeIsolates() {
  MutexLock lock(mutex_);
  if (isolates() == nullptr) isolates_.store(new IsolateGroup(*this), std::memory_order_release);
  return *isolates();
}

Cpumasks Instance::user_supplied() const {
  MutexLock lock(mutex_);
  return user_supplied_;
}

Cpumasks Instance::usable() const {
  MutexLock lock(mutex_);
  return usable_;
}

Shell* Instance::CreateShell() {
  auto shell = std::make_unique<Shell>(*this, *environment_, environment_->AddShellId());
  Shell* const key = shell.get();
  shells_.emplace(key, std::move(shell));
  return key;
}

void Instance::FreeShell(Shell* shell) {
  environment_->DropShellId(shell->id());
  shells_.erase(shell);
}

void Instance::Attend() {
  std::atomic<uint32_t>& attended = control().attended;
  if ((attended.fetch_add(1, std::memory_order_seq_cst) & kKickPending) != 0) {
    attended.fetch_and(~kKickPending, std::memory_order_seq_cst);
  }
}

void Instance::Kick(int avoid_cpu) {
  std::atomic<uint32_t>& attended = control().attended;
  if ((attended.fetch_or(kKickPending, std::memory_order_seq_cst) & kKickPending) != 0) return;
  if (!WakeOne(avoid_cpu, true)) EndKick(avoid_cpu);
}

// Nobody was asleep. Jobs that came since then were not kicked for, and a thread may have gone to sleep behind our back: so
// look again, now that others kick for themselves.
void Instance::EndKick(int avoid_cpu) {
  control().attended.fetch_and(~kKickPending, std::memory_order_seq_cst);
  if (HasWork()) WakeOne(avoid_cpu, true);
}

void Instance::KickFromLoop(int cpu) {
  environment_->SeenOn(cpu);
  const uint64_t now = MonotonicNs();
  const bool in_burst = now - std::exchange(last_kick_ns_, now) < kBurstNs;
  const bool is_small = uint64_t{queue_.Backlog()} * cost_ns() < kWakeWorthNs;
  if (!is_small || !MayRun(cpu)) return Kick(cpu);
  std::atomic<uint32_t>& attended = control().attended;
  if ((attended.fetch_or(kKickPending, std::memory_order_seq_cst) & kKickPending) != 0) return;
  const bool is_here = ParallelThread::Wake(cpu);
  const bool is_elsewhere = (in_burst || !is_here) && WakeOne(cpu, false);
  if (!is_here && !is_elsewhere) {
    EndKick(cpu);
  } else if (in_burst && !is_elsewhere) {
    // A stream of jobs, and only this CPU for them: the thread may spin here, so that the scheduler moves the event loop away.
    environment_->SeenOn(-1);
  } else if (is_here) {
    YieldCpu();
  }
}

void Instance::ShareBacklog() {
  const uint64_t backlog_ns = uint64_t{queue_.Backlog()} * cost_ns();
  if (backlog_ns < kWakeWorthNs) return;
  WakeOne(environment_->loop_cpu(), backlog_ns >= kLoopCpuWorthNs && !environment_->IsBusy());
}

uint64_t Instance::PatienceNs(uint64_t backlog_ns) const {
  if (backlog_ns < kLeastPatienceNs) return 0;
  const uint64_t until_none_ns = backlog_ns / usable_count_.load(std::memory_order_relaxed);
  return std::clamp(until_none_ns, kLeastPatienceNs, kMostPatienceNs);
}

void Instance::Rescue() {
  ParallelThread::ForEach([this](ParallelThread& thread) { thread.TakeBack(*this); });
  if (queue_.IsStuck()) {
    environment_->ForgetBusy();  // a thread that gives way to the loop may be the only one that is not stuck
    Kick(-1);
  }
  CallHelpers();
  if (IsolateGroup* const group = isolates()) group->Rescue();
}

void Instance::HandOn(int cpu) {
  if (HasWork()) Kick(cpu);
  CallHelpers();
}

// The CPU that ran jobs last comes first, for its caches; a thread that exists comes before one that would have to be made.
bool Instance::WakeOne(int avoid_cpu, bool also_avoided) {
  const int home = home_cpu_.load(std::memory_order_relaxed);
  if (home >= 0 && home != avoid_cpu && MayRun(home) && ParallelThread::Wake(home)) return true;
  const size_t words = usable_words_.load(std::memory_order_relaxed);
  for (const bool exists : {true, false}) {
    for (size_t word = 0; word < words; ++word) {
      uint64_t bits = usable_bits_[word].load(std::memory_order_relaxed);
      for (; bits != 0; bits &= bits - 1) {
        const int cpu = static_cast<int>(word) * 64 + __builtin_ctzll(bits);
        if (cpu == avoid_cpu || (ParallelThread::On(cpu) != nullptr) != exists) continue;
        if (ParallelThread::Wake(cpu)) return true;
      }
    }
  }
  return also_avoided && avoid_cpu >= 0 && MayRun(avoid_cpu) && ParallelThread::Wake(avoid_cpu);
}

JobQueue::Claimed Instance::Claim(int cpu, std::span<Job*> batch) {
  const JobQueue::Claimed claimed = queue_.Claim(batch);
  // relaxed: published with the jobs' state.
  if (claimed.count != 0) jobs_on_[static_cast<size_t>(cpu)].fetch_add(claimed.count, std::memory_order_relaxed);
  return claimed;
}

void Instance::GiveBack(int cpu, std::span<const JobQueue::Returned> jobs) {
  jobs_on_[static_cast<size_t>(cpu)].fetch_sub(jobs.size(), std::memory_order_relaxed);  // before others count them
  queue_.GiveBack(jobs);
}

void Instance::Measured(int cpu, size_t jobs, uint64_t ns) {
  home_cpu_.store(cpu, std::memory_order_relaxed);
  queue_.Measured(jobs, ns);
}

}  // namespace padata
