#include "core/mt_job.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "core/clock.h"

namespace padata {

MtJob::MtJob(MtDescription description)
    : description_(std::move(description)),
      plan_(description_.request),
      lanes_(Divide().size()),
      is_caller_in_(description_.has_caller) {
  uint64_t begin = 0;
  size_t index = 0;
  for (const Bounds& bounds : Divide()) {
    Lane& lane = lanes_[index++];
    lane.next.store(std::exchange(begin, bounds.end), std::memory_order_relaxed);  // published with the job
    lane.end = bounds.end;
    lane.node = bounds.node;
  }
}

std::vector<MtJob::Bounds> MtJob::Divide() const {
  return description_.placement.empty() ? DivideByThreads() : DivideByPlacement();
}

std::vector<MtJob::Bounds> MtJob::DivideByThreads() const {
  const uint64_t most = std::min(plan_.workers(), plan_.chunks());
  const uint64_t lanes = std::max<uint64_t>(std::min(description_.threads, most), 1);
  const uint64_t share = plan_.chunks() / lanes;
  const uint64_t longer = plan_.chunks() % lanes;
  std::vector<Bounds> all;
  for (uint64_t i = 1; i <= lanes; ++i) all.push_back({share * i + std::min(i, longer), NumaNodes::kNone});
  return all;
}

// A chunk belongs to where its first unit lies. Lanes that get no chunk are left out, but there is always one.
std::vector<MtJob::Bounds> MtJob::DivideByPlacement() const {
  std::vector<Bounds> all;
  const MtRequest& request = description_.request;
  uint64_t begin = 0;
  const auto add = [&](uint64_t end, int node) {
    if (end > begin) all.push_back({end, node});
    begin = std::max(begin, end);
  };
  // The first chunk that begins at `unit` or behind it.
  const auto chunk_from = [&](uint64_t unit) {
    if (unit <= request.start) return uint64_t{0};
    if (unit >= request.start + request.size) return plan_.chunks();
    const uint64_t chunk = plan_.ChunkOf(unit);
    return plan_.Chunk(chunk).start < unit ? chunk + 1 : chunk;
  };
  for (const auto& [units, node] : description_.placement) {
    add(chunk_from(units.start), NumaNodes::kNone);
    add(chunk_from(units.end), node);
  }
  add(plan_.chunks(), NumaNodes::kNone);
  if (all.empty()) all.push_back({0, NumaNodes::kNone});
  return all;
}

MtSeat MtJob::SeatOf(int cpu) const {
  if (lanes_.size() == 1 || cpu < 0) return {};
  if (description_.placement.empty()) return {.lane = static_cast<size_t>(cpu) % lanes_.size()};
  return {.node = description_.nodes.NodeOf(cpu)};
}

std::optional<MtRange> MtJob::Claim(const MtSeat& seat) {
  if (is_stopped_.load(std::memory_order_relaxed)) return std::nullopt;
  if (seat.node != NumaNodes::kNone) {
    for (Lane& lane : lanes_) {
      if (lane.node != seat.node) continue;
      if (const auto units = ClaimIn(lane)) return units;
    }
  }
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (const auto units = ClaimIn(lanes_[(seat.lane + i) % lanes_.size()])) return units;
  }
  return std::nullopt;
}

// The look before the addition keeps the counter from running away.
std::optional<MtRange> MtJob::ClaimIn(Lane& lane) {
  if (lane.next.load(std::memory_order_relaxed) >= lane.end) return std::nullopt;
  const uint64_t chunk = lane.next.fetch_add(1, std::memory_order_relaxed);
  if (chunk >= lane.end) return std::nullopt;
  return plan_.Chunk(chunk);
}

void MtJob::Complete(const MtRange& units, int32_t status) {
  if (status == 0) {
    units_done_.fetch_add(units.end - units.start, std::memory_order_relaxed);
    return;
  }
  Stop();
  MutexLock lock(failures_mutex_);
  failures_.push_back({status < 0 ? status : -EPROTO, units});
}

int32_t MtJob::Call(const MtRange& units) {
  const NativeFunction& function = *description_.function;
  if (description_.parts.empty())
    return function.CallRange(units.start, units.end, description_.arg, description_.arg_size);
  const std::span<padata_part> parts(description_.parts);
  return function.CallRange(units.start, units.end, reinterpret_cast<uint8_t*>(parts.data()), parts.size_bytes());
}

bool MtJob::RunChunk(const MtSeat& seat) {
  const std::optional<MtRange> units = Claim(seat);
  if (!units) return false;
  Complete(*units, Call(*units));
  return true;
}

bool MtJob::HasChunks() const {
  if (is_stopped_.load(std::memory_order_relaxed)) return false;
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const Lane& lane) { return lane.next.load(std::memory_order_relaxed) < lane.end; });
}

std::vector<MtJob::Failure> MtJob::failures() const {
  MutexLock lock(failures_mutex_);
  return failures_;
}

bool MtJob::AwaitDone(uint64_t timeout_ns) {
  const uint64_t spin_end = MonotonicNs() + std::min(kSpinNs, timeout_ns);
  while (!IsDone()) {
    for (int i = 0; i < 16; ++i) CpuRelax();
    if (MonotonicNs() >= spin_end) return done_.Wait(timeout_ns);
  }
  return true;
}

}  // namespace padata
