#include "support/isolate_thread.h"

#include <utility>

namespace padata::test {

IsolateThread::IsolateThread(Instance& instance, int cpu, uint32_t places, const Functions& functions)
    : instance_(&instance),
      cpu_(cpu),
      places_(places),
      functions_(functions),
      isolate_(instance.MakeIsolates().Add(cpu)),
      steps_(*isolate_),
      thread_([this] { Main(); }) {}

IsolateThread::~IsolateThread() = default;

void IsolateThread::Kill() {
  is_killed_.store(true);
  wakes_.fetch_add(1);
  wakes_.notify_all();
}

std::vector<Isolate::Died> IsolateThread::Abandon() {
  thread_.join();
  std::vector<Isolate::Died> died = isolate_->Abandon();
  instance_->isolates()->Remove(*isolate_);
  return died;
}

void IsolateThread::Main() {
  isolate_->Attach(
      [](void* arg) {
        auto& wakes = static_cast<IsolateThread*>(arg)->wakes_;
        wakes.fetch_add(1);
        wakes.notify_all();
      },
      this);
  while (!has_died_ && !IsKilled()) {
    const uint32_t seen = wakes_.load();
    if (!Round() && !has_died_) wakes_.wait(seen);
  }
  isolate_->Detach();
  has_ended_.store(true, std::memory_order_release);
  instance_->environment().TellMasksChanged();
}

// False if there is nothing to do.
bool IsolateThread::Round() {
  const auto running = static_cast<uint32_t>(running_.size());
  const std::vector<uint32_t> slots = steps_.Turn(running == 0 ? Isolate::kSlots : places_ - running, running == 0);
  local_.assign(slots.begin(), slots.end());
  while (!local_.empty() && running_.size() < places_ && !IsKilled()) {
    const uint32_t slot = local_.front();
    local_.pop_front();
    if (!BeginOne(slot)) return false;
  }
  if (!local_.empty() && !IsKilled()) GiveBackRest();
  if (running_.empty()) return !slots.empty();
  FinishOne();
  return true;
}

bool IsolateThread::BeginOne(uint32_t slot) {
  const uint64_t before = functions_.before(cpu_);
  if (!steps_.Begin(slot)) return true;
  if (IsKilled()) return false;
  Running job{slot, steps_.Read(slot), {}};
  bool is_async = false;
  has_died_ = !functions_.call(job.input, cpu_, before, &job.output, &is_async);
  if (has_died_ || IsKilled()) return false;
  if (is_async) {
    running_.push_back(std::move(job));
    return true;
  }
  functions_.returned(job.input);
  steps_.Finish(slot, job.output);
  return true;
}

// All places are taken. A serial() stays; it comes alone.
void IsolateThread::GiveBackRest() {
  steps_.Flush();
  if (steps_.slot(local_.front()).is_serial != 0) {
    while (running_.size() == places_) FinishOne();
    const uint32_t slot = std::exchange(local_, {}).front();
    BeginOne(slot);
    return;
  }
  steps_.GiveBack({local_.begin(), local_.end()});
  local_.clear();
}

void IsolateThread::FinishOne() {
  if (IsKilled() || running_.empty()) return;
  const Running job = std::move(running_.front());
  running_.pop_front();
  functions_.returned(job.input);
  steps_.Finish(job.slot, job.output);
}

}  // namespace padata::test
