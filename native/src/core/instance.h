// An instance: named, with two cpumasks (user-supplied), what is usable of them, its shells and the queue of its jobs.
//
// Threads.
//   environment  everything, unless said otherwise
//   parallel     queue(), mt(), MayRun(), the attendance
//   watcher      Follow()
// Ownership. The environment holds a reference until Close(); each parallel thread whose CPU is usable holds one in its roster;
// each job that is outstanding, or on its way to a serial thread, holds one. The last one gone destroys the shells.
//
//   state:   Start() <-> Stop()    and, apart from that,   a usable mask empty <-> none empty
//   running = started and no usable mask empty; only then the environment accepts jobs. Accepted jobs are done in any state.
//
// Attendance and kick. `attended` counts the threads that will look at the queue soon without being asked: those that are awake
// and not in a long batch. The environment publishes a job, then looks at `attended`: 0 means that it has to call Kick(). A
// thread that goes to sleep takes itself off, then looks at the queue. (A Dekker pair: all four accesses are seq_cst.) While a
// woken thread is on its way, kKickPending keeps further jobs from kicking again.
#ifndef PADATA_CORE_INSTANCE_H_
#define PADATA_CORE_INSTANCE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/cpu_sources.h"
#include "core/cpu_watcher.h"
#include "core/cpumask.h"
#include "core/environment.h"
#include "core/isolate_group.h"
#include "core/job_queue.h"
#include "core/mt_queue.h"
#include "core/pinned_thread.h"
#include "core/ref.h"
#include "core/shell.h"
#include "core/sync.h"

namespace padata {

// A pair of masks: user-supplied, or usable.
struct Cpumasks {
  CpuMask parallel;
  CpuMask serial;
  bool operator==(const Cpumasks&) const = default;
};

enum class CpumaskType { kParallel, kSerial };

class Instance : public RefCounted<Instance> {
 public:
  static constexpr int kMaxCpuIds = 8192;  // the largest NR_CPUS that a kernel can be built with

  // Bits of Control::flags. Jobs are accepted when they are all clear.
  enum Flags : uint32_t {
    kStopped = 1,   // Stop()
    kInvalid = 2,   // a usable mask is empty
    kChanging = 4,  // the masks are being changed right now: EBUSY
  };
  // Shared with the environment; offsets are a contract with lib/internal/layout.ts.
  struct Control {
    JobQueue::Control queue;
    alignas(64) std::atomic<uint32_t> attended;
    alignas(64) std::atomic<uint32_t> flags;
    std::atomic<uint32_t> mask_generation;  // grows with each change of the usable masks
  };
  static constexpr uint32_t kKickPending = 1u << 31;
  static constexpr uint64_t kWakeWorthNs = 20'000;  // a backlog of so much work is worth another thread,
  static constexpr uint64_t kBurstNs = 500'000;     // jobs that follow each other within this time are a burst
  // How long results may wait for the event loop while there is more to do: as long as there will be, between these two. (What is left shrinks while
  // they wait, so the loop is woken when about half is done.)
  static constexpr uint64_t kLeastPatienceNs = 50'000;
  static constexpr uint64_t kMostPatienceNs = 1'000'000;
  static constexpr uint64_t kHelpersToWake = 2;  // by one thread, for multithreaded jobs
  static constexpr uint64_t kLoopCpuWorthNs =
      100'000;  // and of so much even one on the CPU of the event loop, if that has time

  // Environment. The instance is started, one thread for a usable CPU exists, and CpuWatcher looks every `check_ms` at the latest.
  // Returns 0, or a negative errno from StartPinnedThread() or CpuWatcher::Add(), and no instance.
  static int Create(Environment& environment, std::string name, Cpumasks masks, CpuSources sources,
                    RefPtr<Instance>* instance, int check_ms = CpuWatcher::kDefaultIntervalMs);
  // Environment. No parallel() begins any more; what has begun is completed. The caller then drops its reference. Waits for the
  // chunks of multithreaded jobs that run: the memory they work on is its starter's.
  void Close();

  // Any thread. No parallel() begins any more, for good. For Close(), and for the end of the process.
  void Halt() PADATA_EXCLUDES(mutex_);

  // Environment. Changes the user-supplied mask and what follows from it. When it has returned, no parallel() begins on a CPU
  // outside the new usable mask. May wait a few instructions for threads that were about to begin. Returns 0 or a negative
  // errno from StartPinnedThread(); then the old masks are in force.
  int SetCpumask(CpumaskType type, CpuMask mask) PADATA_EXCLUDES(mutex_);
  // Environment. From now on kChanging is also set while Follow() changes the usable masks.
  void RefuseWhileFollowing() PADATA_EXCLUDES(mutex_);
  // Watcher. Works out what is usable: of `system`, which is what the machine has available (CpuSources::Available(), unless the
  // instance has sources of its own), without `unpinned`. If that changes anything the event loop is told; and the same holds as for
  // SetCpumask(), except that jobs are accepted meanwhile, unless RefuseWhileFollowing() was called.
  void Follow(const CpuMask& system, const CpuMask& unpinned) PADATA_EXCLUDES(mutex_);
  void Start();
  void Stop();
  // Environment. For an instance that is invalid: completes every job that nobody has claimed with -ECANCELED, in order.
  void CancelBacklog();

  // Any thread.
  Cpumasks user_supplied() const PADATA_EXCLUDES(mutex_);
  Cpumasks usable() const PADATA_EXCLUDES(mutex_);
  // What is to be told of one CPU. Those that never ran a job, are not usable and never lost a pin are left out.
  struct CpuStats {
    int cpu;
    uint64_t jobs;
    PinCounts pins;
    int64_t usable_since_ms;  // since the epoch; in one of the masks at least. -1: it is not usable
  };
  std::vector<CpuStats> StatsOfCpus() const PADATA_EXCLUDES(mutex_);

  // Environment.
  Shell* CreateShell();
  void FreeShell(Shell* shell);

  // Environment and parallel threads: wakes one sleeping thread, not on `avoid_cpu` if there is a choice. Does nothing if all are awake.
  void Kick(int avoid_cpu);
  // Environment, on `cpu`: kicks, and remembers where the event loop runs, for it shares that CPU with a thread there.
  // A CPU that sleeps takes tens of microseconds to wake (more in a virtual machine), so a job that is shorter than that goes to
  // the thread of this very CPU, and the event loop yields to it; if more such jobs follow soon, another CPU is woken besides.
  void KickFromLoop(int cpu);
  // Parallel thread, after it claimed jobs: wakes another one if what is left is worth it.
  void ShareBacklog();
  // Environment, now and then while jobs are pending: looks whether each thread and isolate is where it was at the last call. What they have
  // claimed and cannot begin because they are in a long job is for the others, what they had finished before it has its turn, and if jobs wait that
  // nobody claims, somebody is woken.
  void Rescue();

  // Environment. Starts a multithreaded job. Without a caller it is done by the threads alone, and the event loop is told
  // (Environment::TellMtDone); with one, TakePart() is to be called until it returns true. The memory that the job works on must
  // stay until it is done, or until Close() has returned.
  RefPtr<MtJob> StartMt(MtDescription description);
  // Environment. The caller of a job works on it until no chunk is left or the time is up, which is looked at after each chunk; then waits
  // for the others. True when the job is done.
  bool TakePart(MtJob& job, uint64_t timeout_ns);
  // Environment. No further chunk of it is handed out.
  void StopMt(MtJob& job);
  // Any thread, without a lock further down: wakes threads for multithreaded jobs, as long as any are wanted; two at most, who
  // wake others.
  void CallHelpers();
  // A thread that served the instance goes, from `cpu`: others see to what waits.
  void HandOn(int cpu);
  MtQueue& mt() { return mt_; }

  // Parallel threads.
  bool MayRun(int cpu) const {  // relaxed: ordered by the AsymmetricFence around it, see ParallelThread::MayBegin()
    return (usable_bits_[static_cast<size_t>(cpu) / 64].load(std::memory_order_relaxed) >> (cpu % 64) & 1) != 0;
  }
  void Attend();
  void Unattend() { control().attended.fetch_sub(1, std::memory_order_seq_cst); }
  bool HasWork() const { return queue_.Backlog() != 0; }
  bool HasWorkFor(int cpu) const { return HasWork() || mt_.Wants(cpu); }
  // More jobs wait than are done while the event loop wakes up.
  // Environment::Notify(), by a thread that is about to go on with a backlog of so much work.
  uint64_t PatienceNs(uint64_t backlog_ns) const;
  uint64_t PatienceNs() const { return PatienceNs(uint64_t{queue_.Backlog()} * cost_ns()); }
  // How many threads attend; see above.
  uint32_t attendance() { return control().attended.load(std::memory_order_seq_cst) & ~kKickPending; }
  JobQueue& queue() { return queue_; }
  // Claims up to batch.size() jobs for `cpu`, and counts them: now, for as soon as one was begun its completion can be seen.
  JobQueue::Claimed Claim(int cpu, std::span<Job*> batch);
  // Parallel threads, and the environment: jobs that were claimed for `cpu` and not begun.
  void GiveBack(int cpu, std::span<const JobQueue::Returned> jobs);
  uint32_t cost_ns() const { return queue_.cost_ns(); }
  void Measured(int cpu, size_t jobs, uint64_t ns);

  // Environment. What runs module functions; made when it is first asked for.
  IsolateGroup& MakeIsolates() PADATA_EXCLUDES(mutex_);
  // Any thread. The same; nullptr before.
  IsolateGroup* isolates() const { return isolates_.load(std::memory_order_acquire); }
  // Any thread that has claimed jobs for `cpu` without Claim(), or has given some back.
  void CountJobs(int cpu, int64_t jobs) {
    jobs_on_[static_cast<size_t>(cpu)].fetch_add(static_cast<uint64_t>(jobs), std::memory_order_relaxed);
  }

  // Any thread. Jobs that ran on a CPU, and those that it has claimed.
  uint64_t JobsOn(int cpu) const { return jobs_on_[static_cast<size_t>(cpu)].load(std::memory_order_relaxed); }

  const std::string& name() const { return name_; }
  Environment& environment() const { return *environment_; }
  const RefPtr<SharedMemory>& control_memory() const { return control_memory_; }
  Control& control() { return *reinterpret_cast<Control*>(control_memory_->data()); }

 private:
  friend class RefCounted<Instance>;
  using CpuBits = std::array<std::atomic<uint64_t>, kMaxCpuIds / 64>;

  Instance(Environment& environment, std::string name, CpuSources sources, int check_ms);
  ~Instance();

  int Apply(Cpumasks masks) PADATA_REQUIRES(mutex_);
  void SetUsable(Cpumasks usable) PADATA_REQUIRES(mutex_);
  void NoteUsable(const CpuMask& before, const CpuMask& after) PADATA_REQUIRES(mutex_);
  void PublishUsable(const CpuMask& parallel) PADATA_REQUIRES(mutex_);
  bool WakeOne(int avoid_cpu, bool also_avoided);
  void EndKick(int avoid_cpu);

  const RefPtr<Environment> environment_;
  const std::string name_;
  const CpuSources sources_;
  const int check_ms_;
  const RefPtr<SharedMemory> control_memory_;
  JobQueue queue_;
  MtQueue mt_;

  mutable Mutex mutex_;
  Cpumasks user_supplied_ PADATA_GUARDED_BY(mutex_);
  Cpumasks usable_ PADATA_GUARDED_BY(mutex_);
  bool halted_ PADATA_GUARDED_BY(mutex_) = false;
  bool refuses_while_following_ PADATA_GUARDED_BY(mutex_) = false;
  std::unordered_map<int, int64_t> usable_since_ms_ PADATA_GUARDED_BY(mutex_);
  CpuBits usable_bits_{};                  // usable_.parallel, for the threads
  std::atomic<uint32_t> usable_count_{1};  // how many of them, as a hint; 1 at least
  std::atomic<size_t> usable_words_{0};    // of usable_bits_; those behind were always 0

  uint64_t last_kick_ns_ = 0;      // environment
  std::atomic<int> home_cpu_{-1};  // where jobs ran last
  const std::unique_ptr<std::atomic<uint64_t>[]> jobs_on_;

  std::unordered_map<Shell*, std::unique_ptr<Shell>> shells_;  // environment, and the destructor
  std::atomic<IsolateGroup*> isolates_{nullptr};               // release by MakeIsolates(); owned
};

}  // namespace padata

#endif  // PADATA_CORE_INSTANCE_H_
