// The thread functions for multithreaded jobs that the package ships. Each takes parts; what they are says functions.h.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <span>

#include "functions/function_object.h"
#include "functions/functions.h"

namespace padata::functions {
namespace {

constexpr size_t kByteValues = 256;

// The parts of a job, looked at with care: sizes and alignment are those that were claimed, or there is nothing.
class Parts {
 public:
  Parts(uint8_t* arg, size_t arg_size)
      : parts_(reinterpret_cast<const padata_part*>(arg)), count_(arg_size / sizeof(padata_part)) {}

  // The first `count` elements of a part, or nullptr if it has less.
  template <typename T>
  T* Elements(size_t part, uint64_t count) const {
    if (part >= count_ || parts_[part].size / sizeof(T) < count) return nullptr;
    uint8_t* const bytes = parts_[part].bytes;
    return reinterpret_cast<uintptr_t>(bytes) % alignof(T) == 0 ? reinterpret_cast<T*>(bytes) : nullptr;
  }

 private:
  const padata_part* const parts_;
  const size_t count_;
};

using ByteCounts = std::array<uint32_t, kByteValues>;

// Four tables, so that equal bytes one behind the other do not wait for each other; small ones, since they are cleared for each chunk.
ByteCounts CountBytes(std::span<const uint8_t> bytes) {
  std::array<ByteCounts, 4> tables{};
  size_t at = 0;
  for (; bytes.size() - at >= tables.size(); at += tables.size()) {
    for (size_t i = 0; i < tables.size(); ++i) ++tables[i][bytes[at + i]];
  }
  for (; at < bytes.size(); ++at) ++tables[0][bytes[at]];
  ByteCounts counts;
  for (size_t value = 0; value < kByteValues; ++value)
    counts[value] = tables[0][value] + tables[1][value] + tables[2][value] + tables[3][value];
  return counts;
}

// Whoever has the lock is through in a fraction of a microsecond: not worth going to sleep for.
class BriefLock {
 public:
  explicit BriefLock(std::mutex& mutex) : mutex_(mutex) {
    for (int attempt = 0; attempt < 100; ++attempt) {
      if (mutex_.try_lock()) return;
    }
    mutex_.lock();
  }
  ~BriefLock() { mutex_.unlock(); }
  BriefLock(const BriefLock&) = delete;
  BriefLock& operator=(const BriefLock&) = delete;

 private:
  std::mutex& mutex_;
};

// Under one lock for all, since totals of different jobs may overlap: that costs a third of 256 atomic additions, each of which waits
// for what was before it. Loads and stores are atomic for the sake of whoever reads along.
void AddCounts(const ByteCounts& counts, uint64_t* totals) {
  static std::mutex mutex;
  const BriefLock lock(mutex);
  for (size_t value = 0; value < kByteValues; ++value) {
    const std::atomic_ref<uint64_t> total(totals[value]);
    total.store(total.load(std::memory_order_relaxed) + counts[value], std::memory_order_relaxed);
  }
}

int32_t RunHistogram(uint64_t start, uint64_t end, uint8_t* arg, size_t arg_size, void* /*ctx*/) {
  constexpr uint64_t kMostAtOnce = uint64_t{1} << 31;  // what counters of 32 bits hold, whatever the bytes are
  const Parts parts(arg, arg_size);
  const auto* const bytes = parts.Elements<const uint8_t>(0, end);
  auto* const totals = parts.Elements<uint64_t>(1, kByteValues);
  if (bytes == nullptr || totals == nullptr) return -ERANGE;
  for (uint64_t at = start; at < end; at += kMostAtOnce)
    AddCounts(CountBytes({bytes + at, std::min(kMostAtOnce, end - at)}), totals);
  return 0;
}

// Eight sums, for the same reason.
double SumOf(const double* values, uint64_t start, uint64_t end) {
  std::array<double, 8> own{};
  uint64_t at = start;
  for (; end - at >= own.size(); at += own.size()) {
    for (size_t i = 0; i < own.size(); ++i) own[i] += values[at + i];
  }
  double sum = 0;
  for (; at < end; ++at) sum += values[at];
  for (const double each : own) sum += each;
  return sum;
}

int32_t RunSum(uint64_t start, uint64_t end, uint8_t* arg, size_t arg_size, void* /*ctx*/) {
  const Parts parts(arg, arg_size);
  const auto* const values = parts.Elements<const double>(0, end);
  auto* const total = parts.Elements<double>(1, 1);
  if (values == nullptr || total == nullptr) return -ERANGE;
  const double sum = SumOf(values, start, end);
  const std::atomic_ref<double> shared(*total);
  double before = shared.load(std::memory_order_relaxed);
  while (!shared.compare_exchange_weak(before, before + sum, std::memory_order_relaxed)) {
  }
  return 0;
}

int32_t RunTranslate(uint64_t start, uint64_t end, uint8_t* arg, size_t arg_size, void* /*ctx*/) {
  const Parts parts(arg, arg_size);
  auto* const bytes = parts.Elements<uint8_t>(0, end);
  const auto* const table = parts.Elements<const uint8_t>(1, kByteValues);
  if (bytes == nullptr || table == nullptr) return -ERANGE;
  std::array<uint8_t, kByteValues> own;  // nobody else writes to it, so it need not be read again behind each byte
  for (size_t value = 0; value < kByteValues; ++value) own[value] = table[value];
  for (uint64_t at = start; at < end; ++at) bytes[at] = own[bytes[at]];
  return 0;
}

}  // namespace

const padata_function* Histogram() {
  static constexpr padata_function kFunction = DescribeRange("histogram", &RunHistogram);
  return &kFunction;
}

const padata_function* Sum() {
  static constexpr padata_function kFunction = DescribeRange("sum", &RunSum);
  return &kFunction;
}

const padata_function* Translate() {
  static constexpr padata_function kFunction = DescribeRange("translate", &RunTranslate);
  return &kFunction;
}

}  // namespace padata::functions
