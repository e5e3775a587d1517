#include "binding/buffers.h"

namespace padata {

Napi::Value BufferOver(Napi::Env env, const RefPtr<SharedMemory>& memory) {
  memory->Ref();
  return Napi::ArrayBuffer::New(
      env, memory->data(), memory->size(), [](Napi::Env /*env*/, void* /*data*/, SharedMemory* kept) { kept->Unref(); },
      memory.get());
}

Napi::Value BufferOver(Napi::Env env, void* data, size_t size) {
  return Napi::ArrayBuffer::New(env, data, size, [](Napi::Env /*env*/, void* /*data*/) {});
}

}  // namespace padata
