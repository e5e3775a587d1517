#include "support/isolate_seat.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace padata::test {

IsolateSeat::IsolateSeat(Instance& instance, int cpu, size_t arena_bytes)
    : instance_(&instance), isolate_(instance.MakeIsolates().Add(cpu)), steps_(*isolate_, arena_bytes) {
  thread_ = std::thread([this] { Main(); });
  Run([this] {
    tid_ = static_cast<pid_t>(syscall(SYS_gettid));
    isolate_->Attach([](void* arg) { static_cast<IsolateSeat*>(arg)->wakes_.fetch_add(1); }, this);
  });
}

IsolateSeat::~IsolateSeat() {
  if (!is_abandoned_) Abandon();
}

void IsolateSeat::Run(std::function<void()> step) {
  step_ = std::move(step);
  const uint32_t mine = turns_.fetch_add(1) + 1;
  turns_.notify_all();
  turns_.wait(mine);
}

void IsolateSeat::Main() {
  for (uint32_t turn = 1;; turn += 2) {
    turns_.wait(turn - 1);
    const bool is_end = !step_;
    if (is_end)
      isolate_->Detach();
    else
      step_();
    turns_.fetch_add(1);
    turns_.notify_all();
    if (is_end) return;
  }
}

bool IsolateSeat::RunOne() {
  return Do([](IsolateSteps& steps) {
    const std::vector<uint32_t> slots = steps.Turn(1);
    if (slots.empty() || !steps.Begin(slots[0])) return false;
    steps.Finish(slots[0], {});
    steps.Flush();
    return true;
  });
}

void IsolateSeat::Die() {
  if (!thread_.joinable()) return;
  Run({});
  thread_.join();
}

std::vector<Isolate::Died> IsolateSeat::Abandon() {
  Die();
  is_abandoned_ = true;
  std::vector<Isolate::Died> died = isolate_->Abandon();
  instance_->isolates()->Remove(*isolate_);
  return died;
}

}  // namespace padata::test
