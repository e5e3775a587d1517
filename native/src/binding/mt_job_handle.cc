#include "binding/mt_job_handle.h"

#include <sched.h>

#include <limits>
#include <utility>

#include "binding/buffers.h"
#include "binding/handles.h"
#include "core/check.h"

namespace padata {
namespace {

constexpr size_t kRequestNumbers = 5;
constexpr size_t kPlacementNumbers = 3;

// Quantities are integers below 2^53.
uint64_t Quantity(double number) { return static_cast<uint64_t>(number); }

MtRequest RequestFrom(Napi::Float64Array numbers) {
  PADATA_CHECK(numbers.ElementLength() == kRequestNumbers, "a request has five numbers");
  return {Quantity(numbers[0]), Quantity(numbers[1]), Quantity(numbers[2]), Quantity(numbers[3]), Quantity(numbers[4])};
}

std::vector<MtPlacement> PlacementFrom(Napi::Float64Array numbers) {
  std::vector<MtPlacement> placement;
  for (size_t i = 0; i + kPlacementNumbers <= numbers.ElementLength(); i += kPlacementNumbers) {
    placement.push_back({{Quantity(numbers[i]), Quantity(numbers[i + 1])}, static_cast<int>(numbers[i + 2])});
  }
  return placement;
}

std::vector<padata_part> PartsFrom(Napi::Array memory) {
  std::vector<padata_part> parts;
  for (uint32_t i = 0; i < memory.Length(); ++i) {
    auto bytes = memory.Get(i).As<Napi::Uint8Array>();
    parts.push_back({bytes.Data(), bytes.ByteLength()});
  }
  return parts;
}

void SetMemory(MtDescription* job, Napi::Array memory) {
  std::vector<padata_part> parts = PartsFrom(memory);
  if (job->function->takes_parts()) {
    job->parts = std::move(parts);
  } else if (!parts.empty()) {
    job->arg = parts[0].bytes;
    job->arg_size = parts[0].size;
  }
}

MtDescription DescriptionFrom(NativeFunction* function, Napi::Object from) {
  MtDescription job;
  job.function = function;
  job.request = RequestFrom(from.Get("request").As<Napi::Float64Array>());
  SetMemory(&job, from.Get("memory").As<Napi::Array>());
  job.has_caller = from.Get("hasCaller").ToBoolean();
  job.starter_cpu = sched_getcpu();
  job.is_numa_aware = from.Get("numaAware").ToBoolean();
  if (job.is_numa_aware) {
    job.nodes = NumaNodes::Read();
    job.placement = PlacementFrom(from.Get("placement").As<Napi::Float64Array>());
  }
  return job;
}

}  // namespace

Napi::Function MtJobHandle::Define(Napi::Env env) {
  return DefineClass(env, "MtJobHandle",
                     {
                         InstanceAccessor<&MtJobHandle::IsDone>("isDone"),
                         InstanceAccessor<&MtJobHandle::UnitsDone>("unitsDone"),
                         InstanceMethod<&MtJobHandle::TakePart>("takePart"),
                         InstanceMethod<&MtJobHandle::Failures>("failures"),
                         InstanceMethod<&MtJobHandle::Stop>("stop"),
                     });
}

MtJobHandle::MtJobHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<MtJobHandle>(info),
      instance_(InstanceHandle::Unwrap(info[0].As<Napi::Object>())->instance()),
      job_(instance_->StartMt(DescriptionFrom(PointerFrom<NativeFunction>(info[1]), info[2].As<Napi::Object>()))) {}

Napi::Value MtJobHandle::IsDone(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), job_->IsDone());
}

Napi::Value MtJobHandle::UnitsDone(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(job_->units_done()));
}

// For so many milliseconds, Infinity included.
Napi::Value MtJobHandle::TakePart(const Napi::CallbackInfo& info) {
  constexpr double kNsPerMs = 1e6;
  constexpr double kMostMs = 1e12;
  const double milliseconds = info[0].As<Napi::Number>();
  const uint64_t timeout_ns =
      milliseconds > kMostMs ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(milliseconds * kNsPerMs);
  return Napi::Boolean::New(info.Env(), instance_->TakePart(*job_, timeout_ns));
}

// Three numbers for each, see lib/binding.ts.
Napi::Value MtJobHandle::Failures(const Napi::CallbackInfo& info) {
  const std::vector<MtJob::Failure> all = job_->failures();
  auto numbers = Napi::Float64Array::New(info.Env(), all.size() * 3);
  double* next = numbers.Data();
  for (const auto& [status, units] : all) {
    *next++ = status;
    *next++ = static_cast<double>(units.start);
    *next++ = static_cast<double>(units.end);
  }
  return numbers;
}

void MtJobHandle::Stop(const Napi::CallbackInfo& /*info*/) { instance_->StopMt(*job_); }

}  // namespace padata
