// SPDX-License-Identifier: MIT
#include "core/cpumask_text.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

namespace padata {
namespace {

constexpr int kDigitsPerWord = 8;
constexpr int kBitsPerWord = 32;  // of the text: always 32, also where the kernel's long has 64 bits

CpuMaskParseResult Refuse(int error, size_t position) { return {.mask = {}, .error = error, .position = position}; }

// The kernel's isspace(), which counts byte 0xA0 (Latin-1's no-break space) in, and its comma.
bool IsSeparator(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\xA0' || c == ','; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Reads one word of a bitmap from its last digit to its first, for which of two errors is reported depends on it.
CpuMaskParseResult ParseWord(std::string_view text, size_t start, size_t end, int first_cpu) {
  CpuMaskParseResult result;
  for (size_t i = end; i > start; --i) {
    const int value = HexValue(text[i - 1]);
    if (value < 0) return Refuse(EINVAL, i - 1);
    const int digit = static_cast<int>(end - i);
    if (digit == kDigitsPerWord) return Refuse(EOVERFLOW, start);
    for (int bit = 0; bit < 4; ++bit) {
      if (value >> bit & 1) result.mask.Set(first_cpu + digit * 4 + bit);
    }
  }
  return result;
}

// One entry of a list. With groups, of each `group` CPUs from `first` on only the first `used` are meant.
struct Region {
  uint32_t first = 0;
  uint32_t last = 0;
  uint32_t used = 1;
  uint32_t group = 1;
  bool has_group = false;
};

class ListParser {
 public:
  ListParser(std::string_view text, std::optional<int> nr_cpus)
      : text_(text), nr_cpus_(static_cast<uint32_t>(nr_cpus.value_or(kMaxCpus))), knows_last_(nr_cpus.has_value()) {}

  CpuMaskParseResult Parse() {
    while (SkipSeparators()) {
      Region region;
      if (!ParseRegion(&region) || !CheckRegion(region)) return Refuse(error_, position_);
      Add(region);
      // Behind a group the kernel takes a newline for white space.
      if (Peek() == '\n' && !region.has_group) break;
    }
    return {.mask = std::move(mask_)};
  }

 private:
  // The end of the text reads as NUL, which ends it too.
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool AtRegionEnd() const { return Peek() == '\0' || IsSeparator(Peek()); }

  bool Fail(int error, size_t position) {
    error_ = error;
    position_ = position;
    return false;
  }

  bool Take(char c) {
    if (Peek() != c) return Fail(EINVAL, at_);
    ++at_;
    return true;
  }

  // False at the end of the text.
  bool SkipSeparators() {
    while (IsSeparator(Peek())) ++at_;
    return Peek() != '\0';
  }

  bool TakeAll() {
    constexpr std::string_view kAll = "all";
    const auto word = text_.substr(at_, kAll.size());
    const auto same = [](char a, char b) { return Lower(a) == b; };
    if (!std::equal(word.begin(), word.end(), kAll.begin(), kAll.end(), same)) return false;
    at_ += word.size();
    return true;
  }

  bool ParseNumber(uint32_t* number) {
    number_at_ = at_;
    if (Peek() == 'N' && knows_last_) {
      ++at_;
      *number = nr_cpus_ - 1;
      return true;
    }
    if (!IsDigit(Peek())) return Fail(EINVAL, at_);
    uint64_t value = 0;
    for (; IsDigit(Peek()); ++at_) {
      value = value * 10 + static_cast<uint64_t>(Peek() - '0');
      if (value > std::numeric_limits<uint32_t>::max()) return Fail(EOVERFLOW, number_at_);
    }
    *number = static_cast<uint32_t>(value);
    return true;
  }

  bool ParseRegion(Region* region) {
    last_at_ = at_;
    if (knows_last_ && TakeAll()) {
      region->last = nr_cpus_ - 1;
    } else {
      if (!ParseNumber(&region->first)) return false;
      region->last = region->first;
      if (AtRegionEnd()) return true;  // a CPU alone takes no group
      if (!Take('-') || !ParseNumber(&region->last)) return false;
      last_at_ = number_at_;
    }
    return AtRegionEnd() || ParseGroup(region);
  }

  bool ParseGroup(Region* region) {
    region->has_group = true;
    if (!Take(':') || !ParseNumber(&region->used) || !Take('/') || !ParseNumber(&region->group)) return false;
    return AtRegionEnd() || Fail(EINVAL, at_);
  }

  bool CheckRegion(const Region& region) {
    if (region.first > region.last) return Fail(EINVAL, last_at_);
    if (region.group == 0 || region.used > region.group) return Fail(EINVAL, number_at_);
    if (region.last >= nr_cpus_) return Fail(ERANGE, last_at_);
    return true;
  }

  void Add(const Region& region) {
    for (uint64_t start = region.first; start <= region.last; start += region.group) {
      const uint64_t end = std::min<uint64_t>(start + region.used, uint64_t{region.last} + 1);
      mask_.SetRange(static_cast<int>(start), static_cast<int>(end) - 1);
    }
  }

  std::string_view text_;
  uint32_t nr_cpus_;
  bool knows_last_;
  CpuMask mask_;
  size_t at_ = 0;
  size_t last_at_ = 0;    // where the end of the current range is written
  size_t number_at_ = 0;  // where the latest number is written
  int error_ = 0;
  size_t position_ = 0;
};

}  // namespace

CpuMaskParseResult ParseBitmap(std::string_view text, std::optional<int> nr_cpus) {
  const int limit = nr_cpus.value_or(kMaxCpus);
  text = text.substr(0, text.find_first_of(std::string_view("\n\0", 2)));
  CpuMaskParseResult result;
  size_t start = 0;
  size_t end = text.size();
  for (int first_cpu = 0;; first_cpu += kBitsPerWord, end = start) {
    while (end > 0 && IsSeparator(text[end - 1])) --end;
    if (end == 0) break;
    for (start = end; start > 0 && !IsSeparator(text[start - 1]);) --start;
    if (first_cpu >= limit) return Refuse(EOVERFLOW, start);
    CpuMaskParseResult word = ParseWord(text, start, end, first_cpu);
    if (!word.ok()) return word;
    result.mask = result.mask.Or(word.mask);
  }
  // Only the word read last can reach beyond the limit.
  return result.mask.Last() < limit ? result : Refuse(EOVERFLOW, start);
}

CpuMaskParseResult ParseList(std::string_view text, std::optional<int> nr_cpus) {
  return ListParser(text, nr_cpus).Parse();
}

std::string FormatBitmap(const CpuMask& mask, int nr_cpus) {
  constexpr char kDigits[] = "0123456789abcdef";
  const int width = std::max({nr_cpus, mask.Last() + 1, 1});
  const auto words = mask.words();
  std::string text;
  for (int digit = (width + 3) / 4 - 1; digit >= 0; --digit) {
    const size_t word = static_cast<size_t>(digit) / 16;
    text += kDigits[word < words.size() ? words[word] >> digit % 16 * 4 & 0xf : 0];
    if (digit > 0 && digit % kDigitsPerWord == 0) text += ',';
  }
  return text;
}

std::string FormatList(const CpuMask& mask) {
  std::string text;
  for (int first = mask.First(); first >= 0;) {
    int last = first;
    while (mask.Has(last + 1)) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (last > first) text += '-' + std::to_string(last);
    first = mask.Next(last);
  }
  return text;
}

}  // namespace padata
