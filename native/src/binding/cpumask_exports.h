// The texts of cpumasks and the CPUs of this machine, for lib/cpumask.ts and lib/cpus.ts.
//
// Threads: the environment's. Nothing here keeps state, so any number of environments may have it.
//
// SPDX-License-Identifier: MIT
#ifndef PADATA_BINDING_CPUMASK_EXPORTS_H_
#define PADATA_BINDING_CPUMASK_EXPORTS_H_

#include <napi.h>

#include "core/cpumask.h"

namespace padata {

// Sets exports.cpumask to an object with these functions. Words are a Uint32Array, bit b of words[w] is CPU w * 32 + b,
// and the last word is not zero. Arguments were checked by JavaScript.
//
//   parse(text: string, nrCpus?: number)      the words, or on refusal { errno, position }: a positive errno, and the
//   parseList(text: string, nrCpus?: number)  index of the character. See core/cpumask_text.h
//   format(words, nrCpus: number): string
//   formatList(words): string
//   possible(), present(), online(), allowed()   the words. See core/cpu_sources.h
//
// A character of a text counts as the byte of its number (Latin-1), as in the kernel; one above 0xFF is refused.
void ExportCpuMask(Napi::Env env, Napi::Object exports);

// Masks as JavaScript has them, see above.
CpuMask MaskFromWords(Napi::Uint32Array words);
Napi::Uint32Array WordsFromMask(Napi::Env env, const CpuMask& mask);

}  // namespace padata

#endif  // PADATA_BINDING_CPUMASK_EXPORTS_H_
