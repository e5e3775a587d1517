// Structures of the C ABI that grow at their end, see "Versions" in padata.h.
#ifndef PADATA_CORE_VERSIONED_H_
#define PADATA_CORE_VERSIONED_H_

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace padata {

// Copies a structure that the other side has filled in, which may be shorter or longer than ours: `struct_size` says how long.
// Fields that it does not have are zero, fields that we do not have are left out.
template <typename Structure>
Structure CopyVersioned(const Structure& from) {
  Structure copy{};
  std::memcpy(&copy, &from, std::min<size_t>(from.struct_size, sizeof(copy)));
  return copy;
}

}  // namespace padata

#endif  // PADATA_CORE_VERSIONED_H_
