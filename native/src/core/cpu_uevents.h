// Uevents of the kernel (netlink(7), NETLINK_KOBJECT_UEVENT) about CPUs: the quick hint that one went, came, or was plugged in.
//
// A hint only: in a network namespace of its own, as many containers have, the socket receives nothing, and a change of a cpuset
// sends nothing anywhere.
//
// Threads: one, that of CpuWatcher.
#ifndef PADATA_CORE_CPU_UEVENTS_H_
#define PADATA_CORE_CPU_UEVENTS_H_

#include <string_view>

namespace padata {

class CpuUevents {
 public:
  CpuUevents();
  ~CpuUevents();
  CpuUevents(const CpuUevents&) = delete;
  CpuUevents& operator=(const CpuUevents&) = delete;

  // To poll(2) for POLLIN; -1 where there are no such sockets.
  int fd() const { return fd_; }
  // Takes what has come, without waiting. True if it was about CPUs, or if some of it was lost.
  bool Drain();

  // Whether a message, as the kernel sends it (fields that end with a NUL each), is about a CPU.
  static bool IsAboutCpu(std::string_view message);

 private:
  const int fd_;
};

}  // namespace padata

#endif  // PADATA_CORE_CPU_UEVENTS_H_
