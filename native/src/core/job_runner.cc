#include "core/job_runner.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/environment.h"
#include "core/function.h"
#include "core/instance.h"
#include "core/segment.h"
#include "core/shell.h"

namespace padata {
namespace {

constexpr padata_api kApi = {sizeof(padata_api), 0, DoSerial};

// The `job` of a ticket: the address of the entry, and above it, where addresses of user space have no bits, in which use of
// its segment. Without that a late ticket would fit the same position of a new shell in the same segment.
constexpr int kAddressBits = 48;

void* TicketOf(const Job* job) {
  const uint64_t use = Segment::Of(job)->header.use.load(std::memory_order_relaxed);
  return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(job) | use << kAddressBits);
}

// nullptr if the segment is in another use by now. Segments are never unmapped, so that looking at a job that is long gone is safe.
Job* EntryOf(const padata_ticket& ticket) {
  const auto address = reinterpret_cast<uintptr_t>(ticket.job) & ((uintptr_t{1} << kAddressBits) - 1);
  auto* const job = reinterpret_cast<Job*>(address);
  if (job == nullptr || TicketOf(job) != ticket.job || Segment::Of(job)->SeqNr(job) != ticket.seq_nr) return nullptr;
  return job;
}

padata_call CallOf(Job* job, uint64_t seq_nr, int cpu) {
  padata_call call{};
  call.struct_size = sizeof(call);
  call.bytes = job->bytes;
  call.size = job->size;
  const bool is_module = IsModule(job->parallel);
  if (job->size != 0 && !is_module) std::ranges::copy(job->part_size, call.part_size);
  const bool has_room = job->parallel != nullptr && !is_module;
  call.headroom = has_room ? job->parallel->headroom() : 0;
  call.tailroom = has_room ? job->parallel->tailroom() : 0;
  call.cpu = cpu;
  call.cb_cpu = job->cb_cpu;
  call.ticket = {TicketOf(job), seq_nr};
  call.api = &kApi;
  return call;
}

// Whether a result lies in the room that the function was given.
bool InRoom(const Job& job, const padata_result& result) {
  if (job.bytes == nullptr) return result.size == 0;
  const uint8_t* const first = job.bytes - job.parallel->headroom();
  const uint8_t* const end = job.bytes + job.size + job.parallel->tailroom();
  return result.bytes >= first && result.bytes <= end && result.size <= static_cast<size_t>(end - result.bytes);
}

void StoreResult(Job* job, int32_t status, const padata_result& result) {
  job->status = status;
  job->result_type = PADATA_RESULT_NONE;
  if (status != 0) return;
  if (result.type == PADATA_RESULT_NUMBER) {
    job->result.number = result.number;
  } else if (result.type == PADATA_RESULT_BYTES) {
    if (!InRoom(*job, result)) {
      job->status = -EFAULT;
      return;
    }
    job->result.range.offset = job->bytes == nullptr ? 0 : static_cast<int32_t>(result.bytes - job->bytes);
    job->result.range.size = result.size;
  } else if (result.type != PADATA_RESULT_NONE) {
    job->status = -EPROTO;
    return;
  }
  job->result_type = result.type;
}

// Only one of a job's parallel() and its do_serial() gets true: that one writes the result.
bool BeginFinish(Job* job, uint64_t seq_nr) {
  uint32_t expected = JobState(seq_nr, JobPhase::kOutstanding);
  // acquire: what parallel() did, partner is the release in RunOutstanding().
  return job->state.compare_exchange_strong(expected, JobState(seq_nr, JobPhase::kFinishing), std::memory_order_acquire,
                                            std::memory_order_relaxed);
}

// Partner: the acquire in Shell::Advance().
void MarkDone(Job* job, uint64_t seq_nr) {
  job->state.store(JobState(seq_nr, JobPhase::kDone), std::memory_order_release);
}

void RunOutstanding(Instance& instance, Job* job, padata_call* call) {
  const uint64_t seq_nr = call->ticket.seq_nr;
  instance.Ref();  // whoever finishes the job drops it
  job->state.store(JobState(seq_nr, JobPhase::kOutstanding), std::memory_order_release);
  const int32_t status = job->parallel->Call(call);
  // From here on the job may be gone. BeginFinish() looks at its state only, and that tells.
  if (status == -EINPROGRESS || !BeginFinish(job, seq_nr)) return;
  StoreResult(job, status, call->result);
  MarkDone(job, seq_nr);
  instance.Unref();  // not the last one: the thread has its own
}

}  // namespace

void RunParallel(Instance& instance, Job* job, int cpu) {
  const uint64_t seq_nr = Segment::Of(job)->SeqNr(job);
  padata_call call = CallOf(job, seq_nr, cpu);
  if (job->parallel->may_leave_outstanding()) return RunOutstanding(instance, job, &call);
  const int32_t status = job->parallel->Call(&call);
  StoreResult(job, status == -EINPROGRESS ? -EPROTO : status, call.result);
  MarkDone(job, seq_nr);
}

void RunSerial(Job* job, int cpu) {
  padata_call call = CallOf(job, Segment::Of(job)->SeqNr(job), cpu);
  const uint32_t type = job->result_type & ~kOwnMemory;
  const bool is_native = type <= PADATA_RESULT_NUMBER;
  call.status = job->status == 0 && !is_native ? -EPROTO : job->status;  // a value that only JavaScript understands
  call.result.type = is_native ? type : uint32_t{PADATA_RESULT_NONE};
  if (type == PADATA_RESULT_BYTES) {
    call.bytes = job->bytes == nullptr ? nullptr : job->bytes + job->result.range.offset;
    call.size = job->result.range.size;
    call.result.bytes = call.bytes;
    call.result.size = job->result.range.size;
  } else if (type == PADATA_RESULT_NUMBER) {
    call.result.number = job->result.number;
  }
  job->serial->Call(&call);
}

void Cancel(Job* job, int32_t status) {
  StoreResult(job, status, {});
  MarkDone(job, Segment::Of(job)->SeqNr(job));
}

void CompleteWith(Job* job, int32_t status) {
  Shell& shell = *Segment::Of(job)->header.shell.load(std::memory_order_relaxed);
  shell.Enter();
  Cancel(job, status);
  shell.Reorder();
  shell.Leave();
}

void MarkDone(Job* job) { MarkDone(job, Segment::Of(job)->SeqNr(job)); }

bool StoreModuleBytes(Job* job, std::span<const uint8_t> bytes, Environment& environment) {
  job->result.range.offset = 0;
  job->result.range.size = static_cast<uint32_t>(bytes.size());
  if (bytes.empty()) return true;
  if (job->bytes == nullptr || job->part_size[0] < bytes.size()) {
    const RefPtr<SharedMemory> memory = SharedMemory::Allocate(bytes.size());
    if (!memory) return false;
    const auto address = reinterpret_cast<uint64_t>(memory.get());
    job->bytes = memory->data();
    std::memcpy(&job->part_size[1], &address, sizeof(address));
    job->result_type |= kOwnMemory;
    environment.KeepResult(memory);
  }
  std::memcpy(job->bytes, bytes.data(), bytes.size());
  return true;
}

int32_t DoSerial(padata_ticket ticket, int32_t status, const padata_result* result) {
  Job* const job = EntryOf(ticket);
  if (job == nullptr || !BeginFinish(job, ticket.seq_nr)) return -EINVAL;
  Shell& shell = *Segment::Of(job)->header.shell.load(std::memory_order_relaxed);
  Instance& instance = shell.instance();
  StoreResult(job, status == -EINPROGRESS ? -EPROTO : status, result == nullptr ? padata_result{} : *result);
  shell.Enter();
  MarkDone(job, ticket.seq_nr);
  shell.Reorder();
  shell.Leave();
  instance.Unref();
  return 0;
}

}  // namespace padata
