// The work of mt_turns.cc: the same C functions for all contenders.
#ifndef PADATA_BENCH_MT_WORK_H_
#define PADATA_BENCH_MT_WORK_H_

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "functions/functions.h"

namespace padata_bench {

inline constexpr uint64_t kBytes = uint64_t{256} << 20;
inline constexpr int kThreads = 2;

inline int32_t DoNothing(uint64_t, uint64_t, uint8_t *, size_t, void *) { return 0; }

// How many calls of a job there were.
inline std::atomic<int> arrived{0};

inline int32_t Meet(uint64_t, uint64_t, uint8_t *, size_t, void *) {
  arrived.fetch_add(1);
  for (int turn = 0; arrived.load() < kThreads; ++turn) {
    if (turn > 1000) sched_yield();
  }
  return 0;
}

struct MtWork {
  std::string name;
  bool is_empty;
  uint64_t units;  // of the whole range
  uint64_t chunk;  // units of one chunk
  padata_function function;
  std::vector<padata_part> parts;
  std::vector<double> memory;
  std::vector<uint64_t> results;

  // One call for [start, end).
  void Run(uint64_t start, uint64_t end) {
    auto *const arg = reinterpret_cast<uint8_t *>(parts.data());
    if (function.range(start, end, arg, parts.size() * sizeof(padata_part), nullptr) != 0) abort();
  }
};

inline const padata_function *FunctionOf(const std::string &name) {
  if (name == "sum") return padata::functions::Sum();
  if (name == "histogram") return padata::functions::Histogram();
  if (name == "translate") return padata::functions::Translate();
  return nullptr;
}

// Of the command line; ends the program if that is wrong.
inline MtWork WorkFrom(int argc, char **argv) {
  MtWork work{};
  if (argc == 3) work.name = argv[1];
  work.is_empty = work.name == "empty" || work.name == "meet";
  const padata_function *const function = FunctionOf(work.name);
  if (function == nullptr && !work.is_empty) {
    fprintf(stderr, "usage: %s sum|histogram|translate CHUNK_BYTES | empty 1 | meet 1\n", argv[0]);
    exit(2);
  }
  if (work.is_empty) {
    work.function.range = work.name == "meet" ? Meet : DoNothing;
    work.units = 8;  // four chunks a thread, as the kernel's rules have it
    work.chunk = 1;
    return work;
  }
  const uint64_t unit = work.name == "sum" ? sizeof(double) : 1;
  work.function = *function;
  work.units = kBytes / unit;
  work.chunk = strtoull(argv[2], nullptr, 10) / unit;
  work.memory.resize(kBytes / sizeof(double));
  work.results.resize(256);
  auto *const bytes = reinterpret_cast<uint8_t *>(work.memory.data());
  if (unit == 1) {
    for (uint64_t i = 0; i < kBytes; ++i) bytes[i] = static_cast<uint8_t>(i * 167 >> 3);
  }
  work.parts = {{bytes, kBytes}, {reinterpret_cast<uint8_t *>(work.results.data()), 2048}};
  return work;
}

}  // namespace padata_bench

#endif  // PADATA_BENCH_MT_WORK_H_
