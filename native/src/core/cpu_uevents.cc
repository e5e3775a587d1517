#include "core/cpu_uevents.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace padata {
namespace {

constexpr unsigned kKernelGroup = 1;  // 2 is udevd's, which sends its own

int Open() {
  const int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
  if (fd < 0) return -1;
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelGroup;
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

CpuUevents::CpuUevents() : fd_(Open()) {}

CpuUevents::~CpuUevents() {
  if (fd_ >= 0) close(fd_);
}

bool CpuUevents::IsAboutCpu(std::string_view message) {
  constexpr std::string_view kField = "SUBSYSTEM=cpu";
  while (!message.empty()) {
    const size_t end = message.find('\0');
    if (message.substr(0, end) == kField) return true;
    if (end == std::string_view::npos) break;
    message.remove_prefix(end + 1);
  }
  return false;
}

bool CpuUevents::Drain() {
  bool found = false;
  std::array<char, 8192> buffer;
  while (true) {
    sockaddr_nl from{};
    socklen_t from_size = sizeof(from);
    const ssize_t size = recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == ENOBUFS) {  // more came than fits: who knows what it was
      found = true;
      continue;
    }
    if (size < 0) return found;
    // Other processes may send to this group as well, where they are privileged; the kernel has port 0.
    if (from.nl_pid == 0) found |= IsAboutCpu({buffer.data(), static_cast<size_t>(size)});
  }
}

}  // namespace padata
