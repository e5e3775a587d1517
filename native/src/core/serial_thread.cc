#include "core/serial_thread.h"

#include <array>
#include <string>
#include <utility>

#include "core/check.h"
#include "core/cpu_sources.h"
#include "core/cpu_watcher.h"
#include "core/instance.h"
#include "core/job_runner.h"
#include "core/pinned_thread.h"
#include "core/segment.h"
#include "core/shell.h"

namespace padata {
namespace {

// Never destroyed: the threads live as long as the process.
std::array<std::atomic<SerialThread*>, Instance::kMaxCpuIds> threads;
std::atomic<bool> halted{false};
Mutex creation_mutex;

}  // namespace

SerialThread* SerialThread::On(int cpu) { return threads[static_cast<size_t>(cpu)].load(std::memory_order_acquire); }

int SerialThread::Ensure(int cpu) {
  if (On(cpu) != nullptr) return 0;
  MutexLock lock(creation_mutex);
  if (On(cpu) != nullptr) return 0;
  auto* const thread = new SerialThread(cpu);
  // A CPU that was usable a moment ago may just have gone. The jobs of its serial thread are done all the same, as they are
  // when it goes a moment later.
  const IfRefused if_refused = CpuSources().Possible().Has(cpu) ? IfRefused::kStart : IfRefused::kEnd;
  const int status = StartPinnedThread(
      cpu, "padata/s" + std::to_string(cpu), [thread] { thread->Run(); }, if_refused);
  if (status != 0) {
    delete thread;
    return status;
  }
  threads[static_cast<size_t>(cpu)].store(thread, std::memory_order_release);
  return 0;
}

void SerialThread::Deliver(Job* job) {
  SerialThread* const thread = On(job->cb_cpu);
  PADATA_CHECK(thread != nullptr, "cb_cpu has no serial thread");
  Segment::Of(job)->header.shell.load(std::memory_order_relaxed)->instance().Ref();  // dropped in Call()
  thread->Push(job);
}

void SerialThread::Push(Job* job) {
  {
    MutexLock lock(mutex_);
    inbox_.push_back(job);
  }
  if (parker_.IsParked()) parker_.TryUnpark();
}

void SerialThread::Run() {
  std::vector<Job*> jobs;
  if (!IsOnCpu(cpu_)) CpuWatcher::Hint();
  while (true) {
    jobs.clear();
    parker_.Prepare();
    {
      MutexLock lock(mutex_);
      std::swap(jobs, inbox_);
    }
    if (jobs.empty()) {
      parker_.Park();
      continue;
    }
    parker_.Cancel();
    for (Job* job : jobs) Call(job);
  }
}

void SerialThread::Call(Job* job) {
  Shell& shell = *Segment::Of(job)->header.shell.load(std::memory_order_relaxed);
  Instance& instance = shell.instance();
  busy_.store(true, std::memory_order_seq_cst);  // a Dekker pair with HaltAll() and AllIdle()
  if (!halted.load(std::memory_order_seq_cst)) RunSerial(job, cpu_);
  busy_.store(false, std::memory_order_release);
  shell.Serialized(job);
  instance.Unref();
}

void SerialThread::HaltAll() { halted.store(true, std::memory_order_seq_cst); }

bool SerialThread::AllIdle() {
  for (const auto& slot : threads) {
    const SerialThread* const thread = slot.load(std::memory_order_acquire);
    if (thread != nullptr && thread->busy_.load(std::memory_order_seq_cst)) return false;
  }
  return true;
}

}  // namespace padata
