// Memory of the core as ArrayBuffers, and addresses as JavaScript has them.
//
// Threads: the environment's; the finalizer of an ArrayBuffer only drops a reference.
#ifndef PADATA_BINDING_BUFFERS_H_
#define PADATA_BINDING_BUFFERS_H_

#include <napi.h>

#include "core/memory.h"

namespace padata {

// An ArrayBuffer over shared memory. It holds a reference until it is collected.
Napi::Value BufferOver(Napi::Env env, const RefPtr<SharedMemory>& memory);

// An ArrayBuffer over memory that is never unmapped.
Napi::Value BufferOver(Napi::Env env, void* data, size_t size);

// An address is a number in JavaScript: user space ends at 2^47 or 2^56, and addresses that are handed out lie below 2^53.
inline double AddressOf(const void* pointer) { return static_cast<double>(reinterpret_cast<uintptr_t>(pointer)); }

template <typename T>
T* PointerFrom(Napi::Value address) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(address.As<Napi::Number>().Int64Value()));
}

}  // namespace padata

#endif  // PADATA_BINDING_BUFFERS_H_
