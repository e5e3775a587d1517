// Memory that JavaScript and the threads share, with a reference count that neither side can evade: an ArrayBuffer over it
// holds one reference until it is collected, and each native owner holds its own. So nothing that JavaScript does (transfer,
// detach, garbage collection, the end of an environment) frees it under a thread.
#ifndef PADATA_CORE_MEMORY_H_
#define PADATA_CORE_MEMORY_H_

#include <cstddef>
#include <cstdint>

#include "core/ref.h"

namespace padata {

class SharedMemory : public RefCounted<SharedMemory> {
 public:
  // Slabs of this size are kept for reuse, which saves the page faults.
  static constexpr size_t kSlabBytes = 256 * 1024;

  // Any thread. Zeroed unless it is a reused slab. nullptr without memory.
  static RefPtr<SharedMemory> Allocate(size_t bytes);

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

 private:
  friend class RefCounted<SharedMemory>;
  SharedMemory(uint8_t* data, size_t size) : data_(data), size_(size) {}
  ~SharedMemory();

  uint8_t* const data_;
  const size_t size_;
};

}  // namespace padata

#endif  // PADATA_CORE_MEMORY_H_
