// A set of CPUs, as the kernel's struct cpumask is one, of any size.
//
// Threads: a plain value. Concurrent reads of one mask are safe, a write next to a read is not. Nothing here blocks or
// makes a system call.
//
// SPDX-License-Identifier: MIT
#ifndef PADATA_CORE_CPUMASK_H_
#define PADATA_CORE_CPUMASK_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <vector>

namespace padata {

// CPU numbers are 0 to kMaxCpus - 1. The limit is ours: eight times what the largest kernel configuration has (8192),
// and low enough that no text, however hostile, makes a mask of more than 8 KiB.
inline constexpr int kMaxCpus = 65536;

class CpuMask {
 public:
  // Goes over the CPUs of a mask, in ascending order. The mask must not change meanwhile.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    using pointer = const int*;
    using reference = int;

    Iterator() = default;
    Iterator(const CpuMask* mask, int cpu) : mask_(mask), cpu_(cpu) {}
    int operator*() const { return cpu_; }
    Iterator& operator++() {
      cpu_ = mask_->Next(cpu_);
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return cpu_ == other.cpu_; }

   private:
    const CpuMask* mask_ = nullptr;
    int cpu_ = -1;  // -1: behind the last CPU
  };

  // The empty mask.
  CpuMask() = default;
  CpuMask(std::initializer_list<int> cpus);

  // The CPUs 0 to count - 1; count is at most kMaxCpus, the empty mask if it is not positive.
  static CpuMask FirstCpus(int count);
  // Bit b of words[w] is CPU w * 64 + b. Bits at and above kMaxCpus are left out.
  static CpuMask FromWords(std::span<const uint64_t> words);

  // False for every number that is not a CPU's, negative ones included.
  bool Has(int cpu) const;
  // Both ignore a number that is not in [0, kMaxCpus): text and JavaScript are checked before they come here.
  void Set(int cpu);
  void Clear(int cpu);
  // The CPUs first to last, both included; nothing if last < first.
  void SetRange(int first, int last);

  // How many CPUs are in the mask.
  int Weight() const;
  bool IsEmpty() const { return words_.empty(); }
  // The lowest and the highest CPU; -1 if the mask is empty.
  int First() const { return Next(-1); }
  int Last() const;
  // The lowest CPU above `cpu`; -1 if there is none. Next(-1) is First().
  int Next(int cpu) const;
  // The kernel's rule for a cb_cpu outside the usable serial mask (padata_do_parallel): the CPU at position
  // index % Weight(), counted from 0 in ascending order. -1 if the mask is empty.
  int Nth(uint32_t index) const;

  CpuMask And(const CpuMask& other) const;
  CpuMask Or(const CpuMask& other) const;
  CpuMask AndNot(const CpuMask& other) const;
  bool Intersects(const CpuMask& other) const;
  bool operator==(const CpuMask& other) const = default;

  // Bit b of words()[w] is CPU w * 64 + b. The last word is never zero; the empty mask has no words. Valid until the
  // mask changes.
  std::span<const uint64_t> words() const { return words_; }

  Iterator begin() const { return {this, First()}; }
  Iterator end() const { return {this, -1}; }

 private:
  // Drops zero words at the end, so that equal masks have equal words.
  void Normalise();

  std::vector<uint64_t> words_;
};

}  // namespace padata

#endif  // PADATA_CORE_CPUMASK_H_
