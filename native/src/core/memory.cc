#include "core/memory.h"

#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/sync.h"

namespace padata {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kKeptSlabs = 256;  // 64 MiB

class SlabPool {
 public:
  uint8_t* Take() PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (free_.empty()) return nullptr;
    uint8_t* slab = free_.back();
    free_.pop_back();
    return slab;
  }

  bool Give(uint8_t* slab) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (free_.size() >= kKeptSlabs) return false;
    free_.push_back(slab);
    return true;
  }

 private:
  Mutex mutex_;
  std::vector<uint8_t*> free_ PADATA_GUARDED_BY(mutex_);
};

SlabPool& Pool() {
  static auto* pool = new SlabPool;  // never destroyed: threads outlive static destructors
  return *pool;
}

uint8_t* AllocateZeroed(size_t bytes) {
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  auto* data = static_cast<uint8_t*>(std::aligned_alloc(kAlignment, rounded));
  if (data != nullptr) std::memset(data, 0, rounded);
  return data;
}

}  // namespace

RefPtr<SharedMemory> SharedMemory::Allocate(size_t bytes) {
  uint8_t* data = bytes == kSlabBytes ? Pool().Take() : nullptr;
  if (data == nullptr) data = AllocateZeroed(bytes);
  if (data == nullptr) return {};
  return RefPtr<SharedMemory>(new SharedMemory(data, bytes));
}

SharedMemory::~SharedMemory() {
  if (size_ == kSlabBytes && Pool().Give(data_)) return;
  std::free(data_);
}

}  // namespace padata
