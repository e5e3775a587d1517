#include "core/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace padata {
namespace {

// A list of every second CPU of kMaxCpus is 190 kB; a longer file is not a list of CPUs.
constexpr size_t kMaxFileSize = 512 * 1024;

}  // namespace

std::string ReadSmallFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return {};
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  do {
    got = read(fd, buffer, sizeof(buffer));
    if (got > 0) text.append(buffer, static_cast<size_t>(got));
  } while ((got > 0 && text.size() <= kMaxFileSize) || (got < 0 && errno == EINTR));
  close(fd);
  return got == 0 ? text : std::string();
}

}  // namespace padata
