// How much a test does: everything in a plain build, less where a sanitizer makes each step slow.
#ifndef PADATA_TEST_SUPPORT_SCALE_H_
#define PADATA_TEST_SUPPORT_SCALE_H_

#include <algorithm>
#include <cstdint>

namespace padata::test {

#if defined(__has_feature)
#define PADATA_HAS_FEATURE(name) __has_feature(name)
#else
#define PADATA_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_THREAD__) || PADATA_HAS_FEATURE(thread_sanitizer)
inline constexpr uint64_t kSlowdown = 50;
#elif defined(__SANITIZE_ADDRESS__) || PADATA_HAS_FEATURE(address_sanitizer)
inline constexpr uint64_t kSlowdown = 10;
#else
inline constexpr uint64_t kSlowdown = 1;
#endif
inline constexpr bool kSanitized = kSlowdown > 1;

// The count of a plain build, scaled down for this one; never less than `least`.
inline constexpr uint64_t Scaled(uint64_t count, uint64_t least = 1) { return std::max(count / kSlowdown, least); }

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_SCALE_H_
