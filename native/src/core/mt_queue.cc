#include "core/mt_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace padata {

void MtQueue::Add(const RefPtr<MtJob>& job, const CpuMask& usable) {
  if (job->plan().workers() == 0) {
    job->TakeCallerOut();
    return Finish(job);
  }
  Entry entry{.job = job, .active = job->is_caller_in() ? 1u : 0u};
  Choose(entry, usable);
  MutexLock lock(mutex_);
  entries_.push_back(std::move(entry));
  size_.store(entries_.size(), std::memory_order_seq_cst);  // partner: a thread that says it sleeps, then calls Wants()
}

void MtQueue::MasksChanged(const CpuMask& usable) {
  MutexLock lock(mutex_);
  for (Entry& entry : entries_) Choose(entry, usable);
}

// A caller takes part on a CPU of its own, so helpers had better be on others: unless there are none. Where nobody takes part it is the CPU
// of the event loop, and the last choice.
void MtQueue::Choose(Entry& entry, const CpuMask& usable) {
  const MtDescription& job = entry.job->description();
  CpuMask cpus = usable;
  if (job.has_caller && cpus.Weight() > 1) cpus.Clear(job.starter_cpu);
  if (job.is_numa_aware) {
    const uint64_t places = entry.job->plan().workers() - (job.has_caller ? 1 : 0);
    entry.order = job.nodes.Spread(cpus, places);
    entry.cpus = {};
    for (int cpu : entry.order) entry.cpus.Set(cpu);
  } else {
    entry.order.assign(cpus.begin(), cpus.end());
    std::stable_partition(entry.order.begin(), entry.order.end(), [&](int cpu) { return cpu != job.starter_cpu; });
    entry.cpus = std::move(cpus);
  }
}

RefPtr<MtJob> MtQueue::Join(int cpu) {
  if (size() == 0) return {};
  MutexLock lock(mutex_);
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[turn_++ % entries_.size()];
    if (!IsWanted(entry) || !entry.cpus.Has(cpu)) continue;
    ++entry.active;
    return entry.job;
  }
  return {};
}

void MtQueue::Leave(MtJob& job) {
  RefPtr<MtJob> done;
  {
    MutexLock lock(mutex_);
    Entry* const entry = Find(job);
    --entry->active;
    done = TakeIfDone(entry);
  }
  if (done) Finish(done);
}

void MtQueue::Settle(MtJob& job) {
  RefPtr<MtJob> done;
  {
    MutexLock lock(mutex_);
    done = TakeIfDone(Find(job));
  }
  if (done) Finish(done);
}

void MtQueue::StopAll() {
  std::vector<RefPtr<MtJob>> jobs;
  {
    MutexLock lock(mutex_);
    for (const Entry& entry : entries_) jobs.push_back(entry.job);
  }
  for (const auto& job : jobs) {
    job->Stop();
    job->TakeCallerOut() ? Leave(*job) : Settle(*job);
    job->AwaitDone(std::numeric_limits<uint64_t>::max());
  }
}

bool MtQueue::Wants(int cpu) const {
  if (size() == 0) return false;
  MutexLock lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(),
                     [cpu](const Entry& entry) { return IsWanted(entry) && entry.cpus.Has(cpu); });
}

MtQueue::Wanted MtQueue::Helpers() const {
  Wanted wanted;
  if (size() == 0) return wanted;
  MutexLock lock(mutex_);
  for (const Entry& entry : entries_) {
    if (!IsWanted(entry)) continue;
    wanted.count += FreePlaces(entry);
    wanted.cpus.insert(wanted.cpus.end(), entry.order.begin(), entry.order.end());
  }
  return wanted;
}

MtQueue::Entry* MtQueue::Find(const MtJob& job) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.job.get() == &job; });
  return found == entries_.end() ? nullptr : &*found;
}

// A job that nobody works on and that has no chunk left goes from the list: the one who takes it off finishes it.
RefPtr<MtJob> MtQueue::TakeIfDone(Entry* entry) {
  if (entry == nullptr || entry->active != 0 || entry->job->HasChunks()) return {};
  RefPtr<MtJob> job = std::move(entry->job);
  entries_.erase(entries_.begin() + (entry - entries_.data()));
  size_.store(entries_.size(), std::memory_order_seq_cst);
  return job;
}

// The caller of a synchronous job may go on as soon as it is finished, and with it the instance.
void MtQueue::Finish(const RefPtr<MtJob>& job) {
  const bool has_caller = job->description().has_caller;
  job->Finish();
  if (!has_caller) on_done_();
}

}  // namespace padata
