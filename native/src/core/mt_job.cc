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

std::optional<MtJob::Chunk> MtJob::Claim(const MtSeat& seat) {
  if (is_stopped_.load(std::memory_order_relaxed)) return std::nullopt;
  if (seat.node != NumaNodes::kNone) {
    for (size_t i = 0; i < lanes_.size(); ++i) {
      if (lanes_[i].node != seat.node) continue;
      if (const auto chunk = ClaimIn(i)) return chunk;
    }
  }
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (const auto chunk = ClaimIn((seat.lane + i) % lanes_.size())) return chunk;
  }
  return std::nullopt;
}

// The look before the addition keeps the counter from running away.
std::optional<MtJob::Chunk> MtJob::ClaimIn(size_t index) {
  Lane& lane = lanes_[index];
  if (lane.next.load(std::memory_order_relaxed) >= lane.end) return std::nullopt;
  const uint64_t chunk = lane.next.fetch_add(1, std::memory_order_relaxed);
  if (chunk >= lane.end) return std::nullopt;
  return Chunk{plan_.Chunk(chunk), index};
}

void MtJob::Complete(const Chunk& chunk, int32_t status) {
  const MtRange& units = chunk.units;
  if (status == 0) {
    lanes_[chunk.lane].units_done.fetch_add(units.end - units.start, std::memory_order_relaxed);
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
  const std::optional<Chunk> chunk = Claim(seat);
  if (!chunk) return false;
  Complete(*chunk, Call(chunk->units));
  return true;
}

uint64_t MtJob::units_done() const {
  uint64_t sum = 0;
  for (const Lane& lane : lanes_) sum += lane.units_done.load(std::memory_order_relaxed);
  return sum;
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
