// The native functions that the package ships, for lib/functions.ts and lib/pcrypt.ts.
//
// They come as any other addon's do: an External, type-tagged, that carries a struct padata_function; nativeFunction() of
// JavaScript takes it from there.
//
// Threads: the environment's. Nothing here keeps state, so any number of environments may have it.
//
// SPDX-License-Identifier: MIT
#ifndef PADATA_BINDING_FUNCTION_EXPORTS_H_
#define PADATA_BINDING_FUNCTION_EXPORTS_H_

#include <napi.h>

#include <string>

#include "padata.h"

namespace padata {

// Sets exports.functions to an object with these functions. Arguments were checked by JavaScript, but for what only
// libcrypto knows.
//
//   noop(), echo(), crc32()                        an External
//   histogram(), sum(), translate()                an External, of thread functions for multithreaded jobs
//   spin(nanoseconds: number)                      an External
//   aead(name, key: Uint8Array, authSize?: number) { encrypt, decrypt, ivSize, authSize, espAadOnly } or a refusal
//   esp(options)                                   { outbound, inbound } or a refusal; see esp_exports.cc
//
// A refusal is { errno, message, argument? }: a negative errno, what was expected or what happened, and the argument that
// is to blame, if one is ("name", "key" or "authSize").
void ExportFunctions(Napi::Env env, Napi::Object exports);

// The External for a function; takes over the reference that the description carries. NULL stands for "no memory" and
// throws.
Napi::Value FunctionToValue(Napi::Env env, const padata_function* function);

Napi::Value RefusalToValue(Napi::Env env, int32_t error, const char* argument, const std::string& message);

// esp() of the above.
Napi::Value NewEsp(const Napi::CallbackInfo& info);

}  // namespace padata

#endif  // PADATA_BINDING_FUNCTION_EXPORTS_H_
