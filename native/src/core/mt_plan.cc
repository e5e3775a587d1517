#include "core/mt_plan.h"

#include <algorithm>

namespace padata {
namespace {

uint64_t DivideUp(uint64_t value, uint64_t divisor) { return value / divisor + (value % divisor != 0 ? 1 : 0); }

uint64_t Workers(const MtRequest& request) {
  if (request.size == 0) return 0;
  const uint64_t worth = request.size / std::max(request.min_chunk, request.align);
  return std::min(std::max<uint64_t>(worth, 1), request.max_threads);
}

uint64_t ChunkSize(const MtRequest& request, uint64_t workers) {
  if (workers <= 1) return std::max<uint64_t>(request.size, 1);
  const uint64_t even = request.size / (workers * MtPlan::kLoadBalanceFactor);
  return DivideUp(std::max<uint64_t>({even, request.min_chunk, 1}), request.align) * request.align;
}

}  // namespace

MtPlan::MtPlan(const MtRequest& request)
    : range_{request.start, request.start + request.size},
      workers_(Workers(request)),
      chunk_size_(ChunkSize(request, workers_)),
      first_(request.start / chunk_size_),
      chunks_(workers_ <= 1 ? workers_ : DivideUp(range_.end, chunk_size_) - first_) {}

MtRange MtPlan::Chunk(uint64_t index) const {
  if (workers_ <= 1) return range_;
  const uint64_t boundary = (first_ + index) * chunk_size_;
  return {std::max(range_.start, boundary), std::min(range_.end, boundary + chunk_size_)};
}

uint64_t MtPlan::ChunkOf(uint64_t unit) const { return workers_ <= 1 ? 0 : unit / chunk_size_ - first_; }

}  // namespace padata
