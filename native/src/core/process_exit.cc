#include "core/process_exit.h"

#include "core/clock.h"
#include "core/parallel_thread.h"
#include "core/roster.h"
#include "core/serial_thread.h"
#include "core/sync.h"

namespace padata {
namespace {

constexpr uint64_t kPatienceNs = 1'000'000'000;

bool AllIdle() {
  bool idle = SerialThread::AllIdle();
  ParallelThread::ForEach([&idle](const ParallelThread& thread) { idle = idle && thread.IsIdle(); });
  return idle;
}

}  // namespace

void QuiesceForExit() {
  for (const auto& instance : Roster::All()) instance->Halt();
  SerialThread::HaltAll();
  const uint64_t end = MonotonicNs() + kPatienceNs;
  SpinUntil([end] { return AllIdle() || MonotonicNs() > end; });
}

}  // namespace padata
