#include "support/engine.h"

#include <utility>

#include "core/check.h"

namespace padata::test {

const CpuMask& AllowedCpus() {
  static const CpuMask allowed = CpuSources().Allowed();
  return allowed;
}

int FirstCpu() { return AllowedCpus().First(); }

int SecondCpu() {
  for (int cpu : AllowedCpus()) {
    if (cpu != FirstCpu()) return cpu;
  }
  return FirstCpu();
}

padata_function Describe(padata_job_function job, void* ctx, uint32_t flags) {
  padata_function description{};
  description.struct_size = sizeof(description);
  description.abi_major = PADATA_ABI_MAJOR;
  description.abi_minor = PADATA_ABI_MINOR;
  description.kind = PADATA_KIND_JOB;
  description.flags = flags;
  description.job = job;
  description.ctx = ctx;
  description.name = "a test's function";
  return description;
}

NativeFunction* Accept(Loop& loop, padata_job_function job, void* ctx, uint32_t flags) {
  const padata_function description = Describe(job, ctx, flags);
  PADATA_CHECK(NativeFunction::Refusal(description) == nullptr, "the test's description is wrong");
  return loop.environment().AddFunction(description);
}

int32_t Nothing(padata_call*, void*) { return 0; }

int32_t Gate::Enter(padata_call*, void* ctx) {
  auto& gate = *static_cast<Gate*>(ctx);
  gate.entered_.fetch_add(1, std::memory_order_release);
  gate.entered_.notify_all();
  gate.is_open_.wait(false, std::memory_order_acquire);
  return 0;
}

void Gate::AwaitEntered(uint32_t jobs) const {
  for (uint32_t now = entered(); now < jobs; now = entered()) entered_.wait(now, std::memory_order_acquire);
}

void Gate::Open() {
  is_open_.store(true, std::memory_order_release);
  is_open_.notify_all();
}

int32_t RecordCpu(padata_call* call, void* ctx) {
  static_cast<Log<int>*>(ctx)->Add(call->cpu);
  return 0;
}

Engine::Engine(Cpumasks masks, CpuMask allowed) : allowed_(std::make_shared<Allowed>()) {
  set_allowed(std::move(allowed));
  CpuSources sources(kCpuSysfsRoot, [allowed = allowed_] {
    const std::lock_guard lock(allowed->mutex);
    return allowed->mask;
  });
  constexpr int kNever = 3'600'000;  // tests say themselves when to look
  const int status =
      Instance::Create(loop_.environment(), "test", std::move(masks), std::move(sources), &instance_, kNever);
  PADATA_CHECK(status == 0, "no instance");
}

Engine::~Engine() {
  if (instance_) Close();
}

void Engine::Close() {
  instance_->Close();
  instance_ = {};
}

}  // namespace padata::test
