// The same by oneTBB: mt_tbb WORK CHUNK; parallel_for over a blocked_range that is split down to chunks, by the simple partitioner; with
// "auto" as third argument by the automatic one, which makes chunks of its own size, CHUNK at least.
#include <cstdio>
#include <cstring>

#include "mt_work.h"

#ifdef PADATA_HAVE_TBB
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

int main(int argc, char **argv) {
  const bool is_auto = argc == 4 && strcmp(argv[3], "auto") == 0;
  padata_bench::MtWork work = padata_bench::WorkFrom(is_auto ? 3 : argc, argv);
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, padata_bench::kThreads);
  const auto body = [&](const tbb::blocked_range<uint64_t> &range) { work.Run(range.begin(), range.end()); };
  const tbb::blocked_range<uint64_t> whole(0, work.units, work.chunk);
  padata_bench::Measure(work, [&] {
    if (is_auto) {
      tbb::parallel_for(whole, body, tbb::auto_partitioner());
    } else {
      tbb::parallel_for(whole, body, tbb::simple_partitioner());
    }
  });
  return 0;
}
#else
int main(int argc, char **argv) {
  fprintf(stderr, "%s: built without oneTBB (%d arguments)\n", argv[0], argc);
  return 1;
}
#endif
