// Assertions with messages. A failed check is a defect of padata itself, never of its caller: it ends the process.
#ifndef PADATA_CORE_CHECK_H_
#define PADATA_CORE_CHECK_H_

#include <cstdio>
#include <cstdlib>

namespace padata {

[[noreturn]] inline void CheckFailed(const char* condition, const char* message, const char* file, int line) {
  std::fprintf(stderr, "padata: %s:%d: check failed: %s (%s)\n", file, line, message, condition);
  std::abort();
}

}  // namespace padata

#define PADATA_CHECK(condition, message)                                              \
  do {                                                                                \
    if (!(condition)) ::padata::CheckFailed(#condition, message, __FILE__, __LINE__); \
  } while (false)

#endif  // PADATA_CORE_CHECK_H_
