// The multithreaded jobs of one instance that are not done, and which threads work on them.
//
// Threads.
//   environment  Add(), Settle(), StopAll()
//   any          the rest; the caller of a synchronous job counts as one that has joined it, from Add() on
// Ownership. Holds a reference to each job until it is done.
//
// A thread joins a job for a turn: a few chunks, then it leaves, looks after the other work of its CPU, and joins again. So a change of masks,
// a CPU that goes, and fairness need nothing more. Jobs take turns, too.
// Whoever sleeps looks here first (Wants), after it has said that it sleeps; whoever changes something here wakes threads after
// that (Helpers): so nobody sleeps while he is wanted.
#ifndef PADATA_CORE_MT_QUEUE_H_
#define PADATA_CORE_MT_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/cpumask.h"
#include "core/mt_job.h"
#include "core/ref.h"
#include "core/sync.h"

namespace padata {

class MtQueue {
 public:
  // `on_done` is called for each job that has no caller, on any thread, without a lock held, when the job is done.
  explicit MtQueue(std::function<void()> on_done) : on_done_(std::move(on_done)) {}
  MtQueue(const MtQueue&) = delete;
  MtQueue& operator=(const MtQueue&) = delete;

  // `usable`: the usable parallel mask.
  void Add(const RefPtr<MtJob>& job, const CpuMask& usable) PADATA_EXCLUDES(mutex_);
  // Whose CPUs may join is worked out anew.
  void MasksChanged(const CpuMask& usable) PADATA_EXCLUDES(mutex_);
  // After MtJob::Stop(): a job that nobody works on is done.
  void Settle(MtJob& job) PADATA_EXCLUDES(mutex_);
  // No chunk begins any more; waits until those that run have ended. A caller must not be in a chunk.
  void StopAll() PADATA_EXCLUDES(mutex_);

  // The next job in turn that wants a thread on `cpu`, or none. Leave() goes with it.
  RefPtr<MtJob> Join(int cpu) PADATA_EXCLUDES(mutex_);
  void Leave(MtJob& job) PADATA_EXCLUDES(mutex_);
  // Whether Join(cpu) would give one. seq_cst where there is none.
  bool Wants(int cpu) const PADATA_EXCLUDES(mutex_);
  // A hint: how many jobs there are.
  size_t size() const { return size_.load(std::memory_order_seq_cst); }

  // CPUs of which threads are wanted, the preferred ones first, and how many of them.
  struct Wanted {
    std::vector<int> cpus;
    uint64_t count = 0;
  };
  Wanted Helpers() const PADATA_EXCLUDES(mutex_);

 private:
  struct Entry {
    RefPtr<MtJob> job;
    uint64_t active;              // threads that have joined
    std::vector<int> order = {};  // CPUs that may join, the preferred ones first
    CpuMask cpus = {};            // the same
  };

  static void Choose(Entry& entry, const CpuMask& usable);
  static bool IsWanted(const Entry& entry) { return FreePlaces(entry) != 0 && entry.job->HasChunks(); }
  static uint64_t FreePlaces(const Entry& entry) { return entry.job->plan().workers() - entry.active; }
  Entry* Find(const MtJob& job) PADATA_REQUIRES(mutex_);
  RefPtr<MtJob> TakeIfDone(Entry* entry) PADATA_REQUIRES(mutex_);
  void Finish(const RefPtr<MtJob>& job);

  const std::function<void()> on_done_;
  mutable Mutex mutex_;
  std::vector<Entry> entries_ PADATA_GUARDED_BY(mutex_);
  size_t turn_ PADATA_GUARDED_BY(mutex_) = 0;
  std::atomic<size_t> size_{0};  // of entries_
};

}  // namespace padata

#endif  // PADATA_CORE_MT_QUEUE_H_
