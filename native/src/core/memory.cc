#include "core/memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <deque>

#include "core/sync.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace padata {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePageBytes = 2 * 1024 * 1024;
constexpr size_t kKeptSlabs = 512;  // free slabs that keep their pages: 128 MiB

// Slabs are cut from huge pages: with small ones the bytes of packets that come and go cost more in misses of the TLB than in
// copying.
class SlabPool {
 public:
  uint8_t* Take() PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (free_.empty() && !Map()) return nullptr;
    uint8_t* slab = free_.back();  // the one that was used last, for the caches
    free_.pop_back();
    ASAN_UNPOISON_MEMORY_REGION(slab, SharedMemory::kSlabBytes);
    return slab;
  }

  void Give(uint8_t* slab) PADATA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (free_.size() >= kKeptSlabs) {
      madvise(slab, SharedMemory::kSlabBytes, MADV_DONTNEED);
      free_.push_front(slab);  // used last
    } else {
      free_.push_back(slab);
    }
    // It stays mapped, so only this tells AddressSanitizer that nobody may touch it.
    ASAN_POISON_MEMORY_REGION(slab, SharedMemory::kSlabBytes);
  }

 private:
  // One more than is used, for the alignment. The rest costs address space only.
  bool Map() PADATA_REQUIRES(mutex_) {
    void* memory =
        mmap(nullptr, 2 * kHugePageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    const uintptr_t start =
        (reinterpret_cast<uintptr_t>(memory) + kHugePageBytes - 1) & ~(uintptr_t{kHugePageBytes} - 1);
    auto* const chunk = reinterpret_cast<uint8_t*>(start);
    madvise(chunk, kHugePageBytes, MADV_HUGEPAGE);  // may be refused: then the pages are small
    for (size_t at = kHugePageBytes; at != 0; at -= SharedMemory::kSlabBytes) {
      free_.push_back(chunk + at - SharedMemory::kSlabBytes);
    }
    return true;
  }

  Mutex mutex_;
  std::deque<uint8_t*> free_ PADATA_GUARDED_BY(mutex_);
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
  uint8_t* const data = bytes == kSlabBytes ? Pool().Take() : AllocateZeroed(bytes);
  if (data == nullptr) return {};
  return RefPtr<SharedMemory>(new SharedMemory(data, bytes));
}

SharedMemory::~SharedMemory() {
  if (size_ == kSlabBytes) {
    Pool().Give(data_);
  } else {
    std::free(data_);
  }
}

}  // namespace padata
