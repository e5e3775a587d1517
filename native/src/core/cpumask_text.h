// Cpumasks as text: the kernel's bitmap format ("f", "1,00000000") and its list format ("0-3,8", "0-31:1/2").
//
// Threads: any; nothing here blocks. Text is bytes: any encoding's, NULs included.
//
// SPDX-License-Identifier: MIT
#ifndef PADATA_CORE_CPUMASK_TEXT_H_
#define PADATA_CORE_CPUMASK_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/cpumask.h"

namespace padata {

// What a text came to: a mask; or error, a positive errno, and the offset in bytes of what was refused.
struct CpuMaskParseResult {
  CpuMask mask;
  int error = 0;
  size_t position = 0;

  bool ok() const { return error == 0; }
};

// What the kernel's *_cpumask files take: 32-bit words in hexadecimal, the highest first, separated by commas or white
// space (space, \t, \v, \f, \r, byte 0xA0), which may repeat and may stand at either end. A word has one to eight
// digits. The first newline or NUL ends the text. Text without a word is the empty mask. Like the kernel, this reads
// from the end to the start, and of several errors reports the first one that it meets on the way.
//
// nr_cpus: refuse what a kernel with that many CPUs refuses; in [1, kMaxCpus], kMaxCpus if omitted. Errors:
//   EINVAL     a character that is none of the above. The kernel overlooks one such character directly in front of a
//              word of eight digits ("x0000000f" is "f" to it). That is a slip of its parser, not a format: it is
//              refused here.
//   EOVERFLOW  a word of nine or more digits; more words than nr_cpus needs, even if they are zero; a CPU at or above
//              nr_cpus. Remedy: separate the words, leave out CPUs that the machine does not have.
// (That an empty *write* leaves a mask as it is, is a rule of the file and not of the text: "" is the empty mask here.)
CpuMaskParseResult ParseBitmap(std::string_view text, std::optional<int> nr_cpus = std::nullopt);

// What cpuset.cpus and isolcpus= take: decimal numbers "8", ranges "0-3", and ranges with groups "0-31:1/2" (of each 2
// CPUs from 0 on the first 1), separated by commas or white space, which may repeat. A newline behind a CPU or a range,
// or a NUL anywhere, ends the text; a newline among separators or behind a group is white space. Text without a CPU is
// the empty mask. With nr_cpus, "N" is the last CPU ("4-N", "N") and "all", in upper or lower case, every CPU; "all"
// may carry a group.
//
// nr_cpus: in [1, kMaxCpus]; if omitted, CPUs up to kMaxCpus - 1 are taken, and "N" and "all" are refused with EINVAL,
// since what they mean depends on the machine. Errors:
//   EINVAL     a character that is none of the above; a range that runs backwards; a group of no CPUs ("0-3:0/0"), or
//              one smaller than what is used of it ("0-3:2/1"). (Behind a group the kernel forgets to ask for a
//              separator, so that "0-3:1/2N" is two entries to it. Like the slip above, that is refused.)
//   ERANGE     a CPU at or above nr_cpus. Remedy: leave out CPUs that the machine does not have. (CPU 4294967295 is
//              EINVAL to the kernel, by an overflow.)
//   EOVERFLOW  a number that does not fit 32 bits.
CpuMaskParseResult ParseList(std::string_view text, std::optional<int> nr_cpus = std::nullopt);

// As the kernel prints a mask: lower case, words of eight digits, the highest padded to the digits that nr_cpus needs.
// "00,0000000f" is CPUs 0 to 3 with nr_cpus = 40. A mask with CPUs at or above nr_cpus is printed as wide as it needs
// to be.
std::string FormatBitmap(const CpuMask& mask, int nr_cpus);

// As the kernel prints a list: "0-3,8"; "" for the empty mask.
std::string FormatList(const CpuMask& mask);

}  // namespace padata

#endif  // PADATA_CORE_CPUMASK_TEXT_H_
