// The small native functions that the package ships, for trying things out and for measuring.
//
// They are written against padata.h alone, as any other addon's functions are. A description that a function of this
// folder returns is either static, with `release` NULL, or carries one reference that the caller drops with
// `function->release(function->ctx)`. ReleaseFunction() does what is right for both.
#ifndef PADATA_FUNCTIONS_FUNCTIONS_H_
#define PADATA_FUNCTIONS_FUNCTIONS_H_

#include <cstdint>

#include "padata.h"

namespace padata::functions {

/// Does nothing and has no result. Static.
const padata_function* Noop();

/// Gives its input back: since the input already is a private copy, nothing is copied again. Static.
const padata_function* Echo();

/// The CRC-32 of zlib, gzip and Ethernet over all parts of the input, as a number. Static.
const padata_function* Crc32();

/// Keeps its CPU busy until `nanoseconds` have passed on CLOCK_MONOTONIC, and has no result. Carries a reference; NULL
/// if there is no memory.
const padata_function* NewSpin(uint64_t nanoseconds);

/// Thread functions of multithreaded jobs. All take parts (PADATA_TAKES_PARTS), are static, and fail with ERANGE if a part is shorter
/// than the job's range says.

/// How often each byte value occurs. Units: bytes of part 0. Adds to part 1, 256 counters of 64 bits,
/// under a lock of its own: jobs may share them.
const padata_function* Histogram();

/// The sum of doubles. Units: doubles in part 0. Adds to the double that part 1 begins with. The order of the additions, and so the
/// rounding, depends on which chunk is through first.
const padata_function* Sum();

/// Replaces each byte by what a table has for it. Units: bytes of part 0, changed in place. The table: part 1, 256 bytes.
const padata_function* Translate();

/// Drops the reference that a description carries, if it does.
inline void ReleaseFunction(const padata_function* function) {
  if (function != nullptr && function->release != nullptr) function->release(function->ctx);
}

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_FUNCTIONS_H_
