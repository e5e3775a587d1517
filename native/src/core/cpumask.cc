// SPDX-License-Identifier: MIT
#include "core/cpumask.h"

#include <algorithm>
#include <bit>

namespace padata {
namespace {

constexpr int kWordBits = 64;

constexpr size_t WordOf(int cpu) { return static_cast<size_t>(cpu) / kWordBits; }
constexpr uint64_t BitOf(int cpu) { return uint64_t{1} << (cpu % kWordBits); }
constexpr bool IsCpu(int cpu) { return cpu >= 0 && cpu < kMaxCpus; }

}  // namespace

CpuMask::CpuMask(std::initializer_list<int> cpus) {
  for (int cpu : cpus) Set(cpu);
}

CpuMask CpuMask::FirstCpus(int count) {
  CpuMask mask;
  mask.SetRange(0, count - 1);
  return mask;
}

CpuMask CpuMask::FromWords(std::span<const uint64_t> words) {
  const auto used = words.first(std::min<size_t>(words.size(), kMaxCpus / kWordBits));
  CpuMask mask;
  mask.words_.assign(used.begin(), used.end());
  mask.Normalise();
  return mask;
}

bool CpuMask::Has(int cpu) const {
  return cpu >= 0 && WordOf(cpu) < words_.size() && (words_[WordOf(cpu)] & BitOf(cpu));
}

void CpuMask::Set(int cpu) {
  if (!IsCpu(cpu)) return;
  if (WordOf(cpu) >= words_.size()) words_.resize(WordOf(cpu) + 1);
  words_[WordOf(cpu)] |= BitOf(cpu);
}

void CpuMask::Clear(int cpu) {
  if (!Has(cpu)) return;
  words_[WordOf(cpu)] &= ~BitOf(cpu);
  Normalise();
}

void CpuMask::SetRange(int first, int last) {
  last = std::min(last, kMaxCpus - 1);
  for (int cpu = std::max(first, 0); cpu <= last; ++cpu) Set(cpu);
}

int CpuMask::Weight() const {
  int weight = 0;
  for (uint64_t word : words_) weight += std::popcount(word);
  return weight;
}

int CpuMask::Last() const {
  if (words_.empty()) return -1;
  return static_cast<int>(words_.size()) * kWordBits - 1 - std::countl_zero(words_.back());
}

int CpuMask::Next(int cpu) const {
  const int from = std::max(cpu, -1) + 1;
  size_t index = WordOf(from);
  if (index >= words_.size()) return -1;
  uint64_t word = words_[index] & ~(BitOf(from) - 1);
  while (word == 0) {
    if (++index == words_.size()) return -1;
    word = words_[index];
  }
  return static_cast<int>(index) * kWordBits + std::countr_zero(word);
}

int CpuMask::Nth(uint32_t index) const {
  const auto weight = static_cast<uint32_t>(Weight());
  if (weight == 0) return -1;
  int left = static_cast<int>(index % weight);
  size_t at = 0;
  while (left >= std::popcount(words_[at])) left -= std::popcount(words_[at++]);
  uint64_t word = words_[at];
  while (left-- > 0) word &= word - 1;  // takes the lowest CPU away
  return static_cast<int>(at) * kWordBits + std::countr_zero(word);
}

CpuMask CpuMask::And(const CpuMask& other) const {
  CpuMask result;
  const size_t size = std::min(words_.size(), other.words_.size());
  result.words_.reserve(size);
  for (size_t i = 0; i < size; ++i) result.words_.push_back(words_[i] & other.words_[i]);
  result.Normalise();
  return result;
}

CpuMask CpuMask::Or(const CpuMask& other) const {
  CpuMask result = words_.size() >= other.words_.size() ? *this : other;
  const CpuMask& shorter = words_.size() >= other.words_.size() ? other : *this;
  for (size_t i = 0; i < shorter.words_.size(); ++i) result.words_[i] |= shorter.words_[i];
  return result;
}

CpuMask CpuMask::AndNot(const CpuMask& other) const {
  CpuMask result = *this;
  const size_t size = std::min(words_.size(), other.words_.size());
  for (size_t i = 0; i < size; ++i) result.words_[i] &= ~other.words_[i];
  result.Normalise();
  return result;
}

bool CpuMask::Intersects(const CpuMask& other) const {
  const size_t size = std::min(words_.size(), other.words_.size());
  for (size_t i = 0; i < size; ++i) {
    if (words_[i] & other.words_[i]) return true;
  }
  return false;
}

void CpuMask::Normalise() {
  while (!words_.empty() && words_.back() == 0) words_.pop_back();
}

}  // namespace padata
