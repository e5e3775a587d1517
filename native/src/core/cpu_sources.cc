// SPDX-License-Identifier: MIT
#include "core/cpu_sources.h"

#include <dirent.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

#include "core/cpumask_text.h"
#include "core/pinned_thread.h"
#include "core/small_file.h"

namespace padata {
namespace {

struct CpuSetFree {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};

CpuMask CountedCpus(int sysconf_name) {
  return CpuMask::FirstCpus(static_cast<int>(std::clamp<long>(sysconf(sysconf_name), 1, kMaxCpus)));
}

CpuMask ToMask(const cpu_set_t* set, size_t size, int cpus) {
  CpuMask mask;
  for (int cpu = 0; cpu < cpus; ++cpu) {
    if (CPU_ISSET_S(cpu, size, set)) mask.Set(cpu);
  }
  return mask;
}

// Empty if there is no such thread, or if it may not be asked.
CpuMask AffinityOf(pid_t tid) {
  // The kernel answers EINVAL to a set smaller than its own.
  for (int cpus = 1024; cpus <= kMaxCpus; cpus *= 2) {
    const std::unique_ptr<cpu_set_t, CpuSetFree> set(CPU_ALLOC(static_cast<size_t>(cpus)));
    if (!set) break;
    const size_t size = CPU_ALLOC_SIZE(static_cast<size_t>(cpus));
    CPU_ZERO_S(size, set.get());
    if (sched_getaffinity(tid, size, set.get()) == 0) return ToMask(set.get(), size, cpus);
    if (errno != EINVAL) break;
  }
  return {};
}

// -1 for what is no positive number.
pid_t ParsePid(std::string_view text) {
  pid_t pid = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return error == std::errc() && end == text.data() + text.size() && pid > 0 ? pid : -1;
}

// A /proc that was mounted for another pid namespace numbers our threads as that one does.
bool ProcHasOurPids() {
  std::array<char, 16> self;
  const ssize_t size = readlink("/proc/self", self.data(), self.size());
  return size > 0 && ParsePid({self.data(), static_cast<size_t>(size)}) == getpid();
}

// What the threads that padata has not pinned may use, all together. Empty without a usable /proc.
CpuMask AffinityOfThreads() {
  CpuMask all;
  if (!ProcHasOurPids()) return all;
  const std::unique_ptr<DIR, int (*)(DIR*)> threads(opendir("/proc/self/task"), closedir);
  if (!threads) return all;
  while (const dirent* const entry = readdir(threads.get())) {
    const pid_t tid = ParsePid(entry->d_name);
    if (tid > 0 && !IsPinnedThread(tid)) all = all.Or(AffinityOf(tid));
  }
  return all;
}

}  // namespace

CpuMask ProcessAffinity() {
  CpuMask mask = AffinityOfThreads();
  if (mask.IsEmpty()) mask = AffinityOf(getpid());
  return mask.IsEmpty() ? CountedCpus(_SC_NPROCESSORS_ONLN) : mask;
}

CpuSources::CpuSources(std::string sysfs_root, std::function<CpuMask()> allowed)
    : sysfs_root_(std::move(sysfs_root)), allowed_(std::move(allowed)) {}

CpuMask CpuSources::Possible() const {
  CpuMask listed = ReadList("possible");
  if (listed.IsEmpty()) listed = CountedCpus(_SC_NPROCESSORS_CONF);
  return listed.Or(Present());
}

CpuMask CpuSources::Present() const { return ReadList("present").Or(Online()); }

CpuMask CpuSources::Online() const { return ReadList("online").Or(Allowed()); }

CpuMask CpuSources::Allowed() const { return allowed_(); }

int CpuSources::NrCpuIds() const { return Possible().Last() + 1; }

CpuMask CpuSources::ReadList(const char* name) const {
  CpuMaskParseResult list = ParseList(ReadSmallFile(sysfs_root_ + '/' + name));
  return list.ok() ? std::move(list.mask) : CpuMask();
}

}  // namespace padata
