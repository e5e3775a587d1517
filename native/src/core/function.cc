#include "core/function.h"

#include <dlfcn.h>

#include "core/versioned.h"

namespace padata {
namespace {

// The library stays mapped for the life of the process, so that no dlclose() can take the code from under a thread.
void PinLibrary(const void* code) {
  Dl_info info{};
  if (dladdr(code, &info) == 0 || info.dli_fname == nullptr) return;
  dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

const void* CodeOf(const padata_function& description) {
  return description.kind == PADATA_KIND_JOB ? reinterpret_cast<const void*>(description.job)
                                             : reinterpret_cast<const void*>(description.range);
}

}  // namespace

const char* NativeFunction::Refusal(const padata_function& description) {
  if (description.abi_major != PADATA_ABI_MAJOR) return "it was built for another major version of the ABI";
  if (description.struct_size < kFirstVersionSize) return "its struct_size is too small";
  if (description.kind != PADATA_KIND_JOB && description.kind != PADATA_KIND_RANGE) return "its kind is unknown";
  if (CodeOf(description) == nullptr) return "it has no function for its kind";
  if (description.headroom > PADATA_MAX_ROOM || description.tailroom > PADATA_MAX_ROOM) return "its room is too large";
  if (description.name == nullptr || description.name[0] == '\0') return "it has no name";
  return nullptr;
}

NativeFunction::NativeFunction(const padata_function& description)
    : description_(CopyVersioned(description)), name_(description_.name) {
  PinLibrary(CodeOf(description_));
  if (description_.retain != nullptr) description_.retain(description_.ctx);
}

NativeFunction::~NativeFunction() {
  if (description_.release != nullptr) description_.release(description_.ctx);
}

}  // namespace padata
