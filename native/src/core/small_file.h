// Files of sysfs and procfs.
#ifndef PADATA_CORE_SMALL_FILE_H_
#define PADATA_CORE_SMALL_FILE_H_

#include <string>

namespace padata {

// Any thread. The file's bytes; empty if it cannot be read, or is longer than any list of CPUs. Never waits, not even for a FIFO
// in a broken tree.
std::string ReadSmallFile(const std::string& path);

}  // namespace padata

#endif  // PADATA_CORE_SMALL_FILE_H_
