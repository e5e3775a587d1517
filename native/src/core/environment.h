// An environment is one event loop (the main thread's or a Worker's) with what it shares with the threads: the ready list, the
// native functions it has accepted, and the slabs that its jobs' bytes lie in.
//
// Threads. "Environment" methods belong to the one thread that runs the event loop. Notify() comes from any thread.
// Ownership. Instances hold references, threads that run an instance's jobs hold references to the instance: so the
// environment, its functions and its slabs go when the last of them is through, be the event loop long gone.
//
// The ready list is a stack of shells, linked by their ids in shared memory. A shell is on it at most once (its `ready` flag);
// threads push, the event loop takes the whole stack at once, so there is nothing to run full and no ABA.
// Going to sleep and waking are a Dekker pair, all seq_cst: the loop sets `armed`, then looks at the list; a thread pushes, then
// looks at `armed`; likewise with `masks_changed` and `mt_done`. Only the thread that takes `armed` down wakes the loop, so one wake-up carries many completions.
#ifndef PADATA_CORE_ENVIRONMENT_H_
#define PADATA_CORE_ENVIRONMENT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/function.h"
#include "core/memory.h"
#include "core/ref.h"
#include "core/sync.h"

namespace padata {

class Shell;

class Environment : public RefCounted<Environment> {
 public:
  // Shared with the event loop; offsets are a contract with lib/internal/layout.ts.
  struct Control {
    alignas(64) std::atomic<uint32_t> ready_head;  // id of a shell, 0 for none
    alignas(64) std::atomic<uint32_t> armed;       // 1: the event loop sleeps, or is about to
    std::atomic<uint32_t> masks_changed;           // 1: usable masks have changed, for the event loop to tell
    std::atomic<uint32_t> mt_done;                 // 1: a multithreaded job is done
    alignas(
        64) std::atomic<uint32_t> looking;  // 1: the event loop is awake, and has found nothing to do at its last look
  };

  // `wake(arg)` is called on any thread, with a lock held: it must only send a signal to the event loop. Never after Close().
  using Wake = void (*)(void* arg);
  Environment(Wake wake, void* arg);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Any thread: `shell` has jobs for the event loop. With patience, the caller goes on completing jobs and will be here again, or in
  // Flush() or FlushBefore(): then the loop is woken only if its last wake-up is that long ago, for one costs as much as many jobs.
  void Notify(Shell& shell, uint64_t patience_ns = 0);
  // Any thread that had patience, and has no more: wakes the loop if it was not.
  void Flush();
  // The same, if the loop would have to wait longer than anybody had patience for; the caller is back at `ns` by MonotonicNs(). Where that takes
  // longer than was thought, the loop finds out by itself (FIRST_LOOK_MS in lib/internal/environment.ts).
  void FlushBefore(uint64_t ns);

  // Any thread: usable masks of an instance have changed.
  void TellMasksChanged();
  // Any thread: a multithreaded job that no caller waits for is done.
  void TellMtDone();

  // Environment, in the middle of a turn of the loop: sleeps until a shell is put on the ready list or the time is up, or a little less. A
  // Notify() that ends this sleep wakes nothing else; afterwards the loop is not armed.
  void Sleep(uint64_t timeout_ns);

  // Environment: the loop runs on `cpu`, -1 if that is not known. Parallel threads look at it: on that CPU they give way.
  void SeenOn(int cpu) {
    loop_cpu_.store(cpu, std::memory_order_relaxed);
    is_coming_.store(false, std::memory_order_relaxed);
  }
  int loop_cpu() const { return loop_cpu_.load(std::memory_order_relaxed); }
  // Any thread: a hint. It was woken, and was not seen since: the scheduler lets it wait, nobody knows on which CPU.
  bool IsComing() const { return is_coming_.load(std::memory_order_relaxed); }
  // Any thread: a hint. Between wake-up and sleep the loop wants a CPU.
  bool IsAwake() { return control().armed.load(std::memory_order_relaxed) == 0; }
  bool IsAtWork() { return IsAwake() && control().looking.load(std::memory_order_relaxed) == 0; }
  // Parallel threads, now and then: looks whether the loop is awake. IsBusy() is what came of it: awake nearly always, so that
  // its CPU has nothing to give away. Both are hints; threads may overwrite each other's looks.
  void LookAtLoop();
  bool IsBusy() const { return awake_share_.load(std::memory_order_seq_cst) > kBusyShare; }
  // Environment: nothing has moved, so others shall look anew. seq_cst: a thread that is about to sleep sees it, or is woken.
  void ForgetBusy() { awake_share_.store(0, std::memory_order_seq_cst); }

  // Environment: when this has returned, wake is not called any more.
  void Close() PADATA_EXCLUDES(wake_mutex_);

  // Environment: shells are known to the event loop by an id, from 1 on.
  uint32_t AddShellId();
  void DropShellId(uint32_t id) { free_shell_ids_.push_back(id); }

  // Environment. The function must be dropped only when no job that uses it is in flight.
  NativeFunction* AddFunction(const padata_function& description);
  void DropFunction(NativeFunction* function) { functions_.erase(function); }

  // Environment. Memory for jobs in flight; nullptr if there is none. To be dropped when no job in flight uses it.
  SharedMemory* AddSlab(size_t bytes);
  void DropSlab(SharedMemory* slab) { slabs_.erase(slab); }

  // Any thread: the memory of one result, until the environment takes it.
  void KeepResult(RefPtr<SharedMemory> memory) PADATA_EXCLUDES(results_mutex_);
  RefPtr<SharedMemory> TakeResult(SharedMemory* memory) PADATA_EXCLUDES(results_mutex_);

  const RefPtr<SharedMemory>& control_memory() const { return control_memory_; }
  Control& control() { return *reinterpret_cast<Control*>(control_memory_->data()); }

 private:
  friend class RefCounted<Environment>;
  ~Environment() = default;

  static constexpr uint32_t kWhole = 1u << 16;
  static constexpr uint32_t kBusyShare = kWhole / 8 * 7;

  void WakeLoop();

  const RefPtr<SharedMemory> control_memory_;
  std::atomic<int> loop_cpu_{-1};
  std::atomic<bool> is_coming_{false};
  // Hints: nothing is read behind them.
  std::atomic<uint64_t> last_wake_ns_{0};
  std::atomic<uint64_t> due_ns_{0};       // the wake-up that the last one with patience put off
  std::atomic<uint32_t> awake_share_{0};  // of the time, in parts of kWhole
  Parker sleeper_;                        // its owner is the environment
  Mutex wake_mutex_;
  Wake wake_ PADATA_GUARDED_BY(wake_mutex_);  // nullptr: closed
  void* const wake_arg_;

  Mutex results_mutex_;
  std::unordered_map<SharedMemory*, RefPtr<SharedMemory>> results_ PADATA_GUARDED_BY(results_mutex_);

  uint32_t shell_ids_ = 0;
  std::vector<uint32_t> free_shell_ids_;
  std::unordered_map<NativeFunction*, std::unique_ptr<NativeFunction>> functions_;
  std::unordered_map<SharedMemory*, RefPtr<SharedMemory>> slabs_;
};

}  // namespace padata

#endif  // PADATA_CORE_ENVIRONMENT_H_
