// The base of a native function that has state of its own: a description whose ctx counts references.
//
// The count starts at one, for whoever made the object; nativeFunction() adds one per acceptance through `retain`, and
// takes it back through `release` when no call is running and none can begin. The object ends with the last reference,
// on whichever thread that happens.
#ifndef PADATA_FUNCTIONS_FUNCTION_OBJECT_H_
#define PADATA_FUNCTIONS_FUNCTION_OBJECT_H_

#include <atomic>
#include <cstdint>

#include "padata.h"

namespace padata::functions {

/// The description with nothing but its name and its function filled in.
constexpr padata_function DescribeJob(const char* name, padata_job_function job, void* ctx = nullptr) {
  padata_function function{};
  function.struct_size = sizeof(padata_function);
  function.abi_major = PADATA_ABI_MAJOR;
  function.abi_minor = PADATA_ABI_MINOR;
  function.kind = PADATA_KIND_JOB;
  function.job = job;
  function.ctx = ctx;
  function.name = name;
  return function;
}

/// Likewise for a thread function that takes parts.
constexpr padata_function DescribeRange(const char* name, padata_range_function range) {
  padata_function function = DescribeJob(name, nullptr);
  function.kind = PADATA_KIND_RANGE;
  function.flags = PADATA_TAKES_PARTS;
  function.range = range;
  return function;
}

/// Derive `class T : public FunctionObject<T>` and give it `int32_t Run(padata_call& call)`. Run() may be called on
/// several CPUs at the same time.
template <typename T>
class FunctionObject {
 public:
  FunctionObject(const FunctionObject&) = delete;
  FunctionObject& operator=(const FunctionObject&) = delete;

  const padata_function* function() const { return &function_; }

 protected:
  /// `name` must be a string that lives for ever.
  explicit FunctionObject(const char* name, uint32_t headroom = 0, uint32_t tailroom = 0)
      : function_(DescribeJob(name, &FunctionObject::Call, this)) {
    function_.headroom = headroom;
    function_.tailroom = tailroom;
    function_.retain = &FunctionObject::Retain;
    function_.release = &FunctionObject::Release;
  }
  ~FunctionObject() = default;

 private:
  static FunctionObject* From(void* ctx) { return static_cast<FunctionObject*>(ctx); }
  static int32_t Call(padata_call* call, void* ctx) { return static_cast<T*>(From(ctx))->Run(*call); }

  // Relaxed: whoever retains holds a reference already, so the object cannot end meanwhile.
  static void Retain(void* ctx) { From(ctx)->references_.fetch_add(1, std::memory_order_relaxed); }

  // Release: what this holder did comes before the end; acquire: the end comes after what all others did.
  static void Release(void* ctx) {
    FunctionObject* self = From(ctx);
    if (self->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete static_cast<T*>(self);
  }

  padata_function function_;
  std::atomic<uint32_t> references_{1};
};

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_FUNCTION_OBJECT_H_
