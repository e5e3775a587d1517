// Which CPUs this machine has, and which of them this process may use.
//
// Threads: any. Each call reads afresh, blocks for a few small files in sysfs at most, and never fails: a container may
// hide or falsify sysfs, so that what the scheduler says is always believed first. Hence this always holds, except for
// changes between two calls:
//
//     Allowed()  is part of  Online()  is part of  Present()  is part of  Possible(),  and none of them is empty
//
// Formats: the kernel's Documentation/admin-guide/cputopology.rst; sched_getaffinity(2).
//
// SPDX-License-Identifier: MIT
#ifndef PADATA_CORE_CPU_SOURCES_H_
#define PADATA_CORE_CPU_SOURCES_H_

#include <functional>
#include <string>

#include "core/cpumask.h"

namespace padata {

inline constexpr char kCpuSysfsRoot[] = "/sys/devices/system/cpu";

// The CPUs that this process may run on: the affinities of its threads taken together, less the CPUs that are offline. Every
// thread carries the cpuset, and the affinity that the process was started with. Those that padata has pinned are left out: their
// CPUs are what follows from this, not what it is made of. So a program may pin its main thread, and others, without taking
// CPUs from padata, as long as one thread is left unpinned (Node has some). Threads that end meanwhile are overlooked.
// Where /proc is not mounted, or is that of other pids than ours: the affinity of the main thread alone. Where the system call is
// forbidden: as many CPUs as sysconf(_SC_NPROCESSORS_ONLN) counts, from 0 on.
CpuMask ProcessAffinity();

class CpuSources {
 public:
  // sysfs_root: a directory with the files possible, present and online. allowed: stands for ProcessAffinity(). Tests
  // inject both, for the invariant above means that an injected sysfs alone cannot take a CPU away from this process.
  explicit CpuSources(std::string sysfs_root, std::function<CpuMask()> allowed = ProcessAffinity);
  // The machine itself.
  CpuSources() : CpuSources(kCpuSysfsRoot) { is_system_ = true; }

  // CPUs that can ever come online. Without a usable file: as many as sysconf(_SC_NPROCESSORS_CONF) counts, from 0 on.
  CpuMask Possible() const;
  // CPUs that are plugged in. Without a usable file: those online.
  CpuMask Present() const;
  // CPUs that the scheduler uses. Without a usable file: those allowed.
  CpuMask Online() const;
  // CPUs that this process may use, see ProcessAffinity().
  CpuMask Allowed() const;
  // CPUs that jobs can run on: online and allowed, which by the invariant above is what is allowed.
  CpuMask Available() const { return Allowed(); }
  // Whether this is the machine itself, and nothing was injected.
  bool IsSystem() const { return is_system_; }
  // The highest possible CPU plus one: how wide the kernel prints a mask, and where it says EOVERFLOW.
  int NrCpuIds() const;

 private:
  // The mask in a file of sysfs_root_; empty if it is missing, unreadable, empty, or not a list of CPUs.
  CpuMask ReadList(const char* name) const;

  std::string sysfs_root_;
  std::function<CpuMask()> allowed_;
  bool is_system_ = false;
};

}  // namespace padata

#endif  // PADATA_CORE_CPU_SOURCES_H_
