#include "core/cpu_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <memory>
#include <set>

#include "core/clock.h"
#include "core/cpu_sources.h"
#include "core/cpu_uevents.h"
#include "core/instance.h"
#include "core/parallel_thread.h"
#include "core/pinned_thread.h"
#include "core/roster.h"
#include "core/sync.h"

namespace padata {
namespace {

// After an event the next looks follow in so many milliseconds.
constexpr std::array kSettleMs = {5, 20, 100, 400};

class Watcher {
 public:
  int Add(int interval_ms) PADATA_EXCLUDES(mutex_);
  void Remove(int interval_ms) PADATA_EXCLUDES(mutex_);
  void Hint();

 private:
  int Start() PADATA_REQUIRES(mutex_);
  void Stop() PADATA_REQUIRES(mutex_);
  void Run();
  bool AwaitReason(CpuUevents& uevents, uint64_t due_ms);

  Mutex mutex_;
  std::multiset<int> intervals_ PADATA_GUARDED_BY(mutex_);
  UnpinnedThread thread_ PADATA_GUARDED_BY(mutex_);
  std::atomic<int> interval_ms_{CpuWatcher::kDefaultIntervalMs};
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_hinted_{false};
  // Never closed, since Hint() comes from any thread at any time.
  const int wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
};

Watcher& Get() {
  static auto* watcher = new Watcher;  // never destroyed: threads outlive static destructors
  return *watcher;
}

uint64_t NowMs() { return MonotonicNs() / 1'000'000; }

void Poke(int fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      write(fd, &one, sizeof(one));  // it can only fail when it is signalled anyway
}

int Watcher::Add(int interval_ms) {
  MutexLock lock(mutex_);
  if (intervals_.empty()) {
    if (const int status = Start(); status != 0) return status;
  }
  intervals_.insert(interval_ms);
  interval_ms_.store(*intervals_.begin(), std::memory_order_relaxed);
  Poke(wake_fd_);
  return 0;
}

void Watcher::Remove(int interval_ms) {
  MutexLock lock(mutex_);
  intervals_.erase(intervals_.find(interval_ms));
  if (intervals_.empty()) return Stop();
  interval_ms_.store(*intervals_.begin(), std::memory_order_relaxed);
  Poke(wake_fd_);
}

void Watcher::Hint() {
  is_hinted_.store(true, std::memory_order_relaxed);  // the eventfd orders it
  Poke(wake_fd_);
}

int Watcher::Start() {
  if (wake_fd_ < 0) return -EAGAIN;
  is_stopping_.store(false, std::memory_order_relaxed);
  return thread_.Start("padata/watch", [this] { Run(); });
}

void Watcher::Stop() {
  is_stopping_.store(true, std::memory_order_relaxed);  // the eventfd orders it
  Poke(wake_fd_);
  thread_.Join();
}

// CPUs that are online and allowed, without those whose thread could not be pinned: pinning is what finds out, in the end.
void Look() {
  const CpuMask unpinned = RepinThreads();
  const CpuMask system = CpuSources().Available();
  for (const auto& instance : Roster::All()) instance->Follow(system, unpinned);
  ParallelThread::WakeStrays();
}

void Watcher::Run() {
  CpuUevents uevents;
  size_t settled = kSettleMs.size();
  uint64_t looked_ms = NowMs();  // the instance has looked when it was made
  while (true) {
    const int interval_ms = interval_ms_.load(std::memory_order_relaxed);
    const bool is_settling = settled < kSettleMs.size();
    const uint64_t due_ms = looked_ms + static_cast<uint64_t>(is_settling ? kSettleMs[settled] : interval_ms);
    const bool has_reason = AwaitReason(uevents, due_ms);
    if (is_stopping_.load(std::memory_order_relaxed)) return;
    if (!has_reason && NowMs() < due_ms) continue;  // only the interval is another one
    settled = has_reason ? 0 : std::min(settled + 1, kSettleMs.size());
    looked_ms = NowMs();
    Look();
  }
}

// Waits for an event, a hint, another interval, or until it is time. True if it was an event or a hint.
bool Watcher::AwaitReason(CpuUevents& uevents, uint64_t due_ms) {
  const uint64_t now_ms = NowMs();
  std::array<pollfd, 2> fds{{{wake_fd_, POLLIN, 0}, {uevents.fd(), POLLIN, 0}}};  // poll() skips a negative descriptor
  poll(fds.data(), fds.size(), now_ms < due_ms ? static_cast<int>(due_ms - now_ms) : 0);
  uint64_t count;
  if (fds[0].revents != 0) [[maybe_unused]]
    const ssize_t got = read(wake_fd_, &count, sizeof(count));
  const bool is_event = fds[1].revents != 0 && uevents.Drain();
  return is_hinted_.exchange(false, std::memory_order_relaxed) || is_event;
}

}  // namespace

int CpuWatcher::Add(int interval_ms) { return Get().Add(interval_ms); }

void CpuWatcher::Remove(int interval_ms) { Get().Remove(interval_ms); }

void CpuWatcher::Hint() { Get().Hint(); }

}  // namespace padata
