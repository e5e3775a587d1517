// noop, echo and spin.
#include <ctime>
#include <new>

#include "functions/function_object.h"
#include "functions/functions.h"

namespace padata::functions {
namespace {

int32_t RunNoop(padata_call* /*call*/, void* /*ctx*/) { return 0; }

int32_t RunEcho(padata_call* call, void* /*ctx*/) {
  call->result.type = PADATA_RESULT_BYTES;
  call->result.bytes = call->bytes;
  call->result.size = static_cast<uint32_t>(call->size);
  return 0;
}

uint64_t Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

class SpinFunction final : public FunctionObject<SpinFunction> {
 public:
  explicit SpinFunction(uint64_t nanoseconds) : FunctionObject("spin"), nanoseconds_(nanoseconds) {}

  int32_t Run(padata_call& /*call*/) const {
    const uint64_t start = Now();
    while (Now() - start < nanoseconds_) {
    }
    return 0;
  }

 private:
  const uint64_t nanoseconds_;
};

}  // namespace

const padata_function* Noop() {
  static constexpr padata_function kFunction = DescribeJob("noop", &RunNoop);
  return &kFunction;
}

const padata_function* Echo() {
  static constexpr padata_function kFunction = DescribeJob("echo", &RunEcho);
  return &kFunction;
}

const padata_function* NewSpin(uint64_t nanoseconds) {
  auto* spin = new (std::nothrow) SpinFunction(nanoseconds);
  return spin == nullptr ? nullptr : spin->function();
}

}  // namespace padata::functions
