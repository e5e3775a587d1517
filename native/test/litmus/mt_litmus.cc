// Two threads at a multithreaded job: who gets a chunk, who ends the job, and whether a helper can sleep while it is wanted.
#include <gtest/gtest.h>

#include <string>

#include "core/mt_queue.h"
#include "support/litmus.h"

namespace padata {
namespace {

using test::Litmus;
using test::Outcomes;
using test::Scaled;

constexpr MtRequest kTwoChunks = {.start = 0, .size = 2, .max_threads = 2};

RefPtr<MtJob> NewJob() { return RefPtr<MtJob>(new MtJob({.request = kTwoChunks})); }

void ExpectNoneForbidden(const Outcomes& outcomes) {
  for (const auto& [name, count] : outcomes) EXPECT_FALSE(name.starts_with("FORBIDDEN")) << name << ": " << count;
}

TEST(MtLitmus, EachChunkIsClaimedOnce) {
  RefPtr<MtJob> job = NewJob();
  uint64_t first = 0;
  uint64_t second = 0;
  const auto claim = [&](uint64_t* claimed) {
    *claimed = 0;
    while (const auto chunk = job->Claim({})) *claimed |= uint64_t{1} << chunk->units.start;
  };
  ExpectNoneForbidden(Litmus::Run(
      Scaled(300'000), [&] { claim(&first); }, [&] { claim(&second); },
      [&] {
        job = NewJob();
        if ((first & second) != 0) return "FORBIDDEN: both have the same chunk";
        if ((first | second) != 3) return "FORBIDDEN: a chunk is lost";
        return first == 3 ? "the first has both" : second == 3 ? "the second has both" : "each has one";
      }));
}

// What one wrote in its chunk is seen by the other, if that one ends the job.
TEST(MtLitmus, OneOfThemEndsItAndSeesWhatTheOtherDid) {
  int done = 0;
  MtQueue queue([&] { ++done; });
  RefPtr<MtJob> job;
  uint64_t marks[2] = {0, 0};
  const auto begin = [&] {
    job = NewJob();
    marks[0] = marks[1] = 0;
    queue.Add(job, {0, 1});
  };
  const auto work = [&](int cpu) {
    const RefPtr<MtJob> joined = queue.Join(cpu);
    if (!joined) return;
    while (const auto chunk = joined->Claim({})) marks[chunk->units.start] = 1;
    queue.Leave(*joined);
  };
  begin();
  ExpectNoneForbidden(Litmus::Run(
      Scaled(200'000), [&] { work(0); }, [&] { work(1); },
      [&] {
        const bool is_done = job->IsDone();
        const uint64_t sum = marks[0] + marks[1];
        const int times = std::exchange(done, 0);
        begin();
        if (!is_done) return "FORBIDDEN: nobody ended it";
        if (times != 1) return "FORBIDDEN: it was ended more than once";
        return sum == 2 ? "done" : "FORBIDDEN: a mark is missing";
      }));
}

// "I say that I sleep, then I look whether I am wanted" against "I bring a job, then I wake who sleeps".
TEST(MtLitmus, NobodySleepsWhileWanted) {
  MtQueue queue([] {});
  RefPtr<MtJob> job;
  Parker parker;
  bool sleeps = false;
  bool was_woken = false;
  ExpectNoneForbidden(Litmus::Run(
      Scaled(200'000),
      [&] {
        job = NewJob();
        queue.Add(job, {0});
        was_woken = !queue.Helpers().cpus.empty() && parker.IsParked() && parker.TryUnpark();
      },
      [&] {
        parker.Prepare();
        sleeps = !queue.Wants(0);
        if (!sleeps) parker.Cancel();
      },
      [&] {
        parker.Cancel();
        job->Stop();
        queue.Settle(*job);
        if (sleeps) return was_woken ? "sleeps, and is woken" : "FORBIDDEN: sleeps while it is wanted";
        return was_woken ? "does not sleep, and is woken in vain" : "does not sleep";
      }));
}

// The last place was taken when the one looked; the other gives it up, then wakes who sleeps.
TEST(MtLitmus, NobodySleepsWhenAPlaceIsGivenUp) {
  MtQueue queue([] {});
  RefPtr<MtJob> job(new MtJob({.request = {.size = 1, .max_threads = 1}}));
  queue.Add(job, {0, 1});
  queue.Join(1);
  Parker parker;
  bool sleeps = false;
  bool was_woken = false;
  ExpectNoneForbidden(Litmus::Run(
      Scaled(200'000),
      [&] {
        queue.Leave(*job);
        was_woken = !queue.Helpers().cpus.empty() && parker.IsParked() && parker.TryUnpark();
      },
      [&] {
        parker.Prepare();
        sleeps = !queue.Wants(0);
        if (!sleeps) parker.Cancel();
      },
      [&] {
        parker.Cancel();
        queue.Join(1);
        if (sleeps) return was_woken ? "sleeps, and is woken" : "FORBIDDEN: sleeps while it is wanted";
        return was_woken ? "does not sleep, and is woken in vain" : "does not sleep";
      }));
  job->Stop();
  queue.Leave(*job);
}

}  // namespace
}  // namespace padata
