// The same by OpenMP: mt_openmp WORK CHUNK; OMP_SCHEDULE says how chunks are handed out (static or dynamic), OMP_WAIT_POLICY how threads wait.
#include <cstdio>

#include "mt_work.h"

int main(int argc, char **argv) {
#ifdef _OPENMP
  padata_bench::MtWork work = padata_bench::WorkFrom(argc, argv);
  const auto chunks = static_cast<int64_t>((work.units + work.chunk - 1) / work.chunk);
  padata_bench::Measure(work, [&] {
#pragma omp parallel for num_threads(padata_bench::kThreads) schedule(runtime)
    for (int64_t i = 0; i < chunks; ++i) {
      const uint64_t start = static_cast<uint64_t>(i) * work.chunk;
      work.Run(start, std::min(start + work.chunk, work.units));
    }
  });
  return 0;
#else
  fprintf(stderr, "%s: built without OpenMP (%d arguments)\n", argv[0], argc);
  return 1;
#endif
}
