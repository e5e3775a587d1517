// A native function that an environment has accepted: the description of the C ABI, copied.
//
// Threads. Made and dropped by its environment; called by parallel and serial threads.
// Ownership. The environment owns it until it is dropped or until the environment itself ends, which is after the last
// call. `release` of the ABI is then called.
#ifndef PADATA_CORE_FUNCTION_H_
#define PADATA_CORE_FUNCTION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "padata.h"

namespace padata {

class NativeFunction {
 public:
  // The size of a description by version 1.0 of the ABI. Every later one has its fields.
  static constexpr size_t kFirstVersionSize = offsetof(padata_function, name) + sizeof(padata_function::name);

  // What is wrong with a description, in words, or nullptr if nothing is. Looks at no field that version 1.0 does not have.
  static const char* Refusal(const padata_function& description);

  // Copies the description (which Refusal() has accepted), and pins the library that its code lies in.
  explicit NativeFunction(const padata_function& description);
  ~NativeFunction();
  NativeFunction(const NativeFunction&) = delete;
  NativeFunction& operator=(const NativeFunction&) = delete;

  // Parallel or serial threads.
  int32_t Call(padata_call* call) const { return description_.job(call, description_.ctx); }

  // Any thread that takes part in a multithreaded job; only of PADATA_KIND_RANGE.
  int32_t CallRange(uint64_t start, uint64_t end, uint8_t* arg, size_t arg_size) const {
    return description_.range(start, end, arg, arg_size, description_.ctx);
  }

  // parallel() may return -EINPROGRESS.
  bool may_leave_outstanding() const { return (description_.flags & PADATA_MAY_LEAVE_OUTSTANDING) != 0; }
  // A range function whose arg is an array of struct padata_part.
  bool takes_parts() const { return (description_.flags & PADATA_TAKES_PARTS) != 0; }
  uint32_t kind() const { return description_.kind; }
  uint32_t headroom() const { return description_.headroom; }
  uint32_t tailroom() const { return description_.tailroom; }
  const std::string& name() const { return name_; }

 private:
  const padata_function description_;
  const std::string name_;
};

}  // namespace padata

#endif  // PADATA_CORE_FUNCTION_H_
