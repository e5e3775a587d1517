/*
 * padata.h - the public C ABI of padata for Node. SPDX-License-Identifier: MIT
 *
 * An addon that wants its C functions to run on padata's pinned threads includes this header and nothing else
 * of ours; there is nothing to link with. It fills a `struct padata_function`, wraps a pointer to it in a Node-API
 * External, tags that External with PADATA_TYPE_TAG_LOWER / PADATA_TYPE_TAG_UPPER (napi_type_tag_object), and hands it
 * to JavaScript, which passes it to `nativeFunction()` of the package.
 *
 * Two kinds of function exist (the two kinds of work that the kernel's document knows):
 *
 *   PADATA_KIND_JOB    parallel() or serial() of one serialized job    ("Running Serialized Jobs")
 *   PADATA_KIND_RANGE  the thread function of a multithreaded job      ("Running Multithreaded Jobs")
 *
 * Threads. A job function runs as parallel() on the pinned thread of one CPU of the usable parallel mask, and as
 * serial() on the pinned thread of the job's cb_cpu. Every signal is blocked. It may be called on several CPUs at the
 * same time, each time with another job. It must not call Node-API, must not throw, and must not change the thread's
 * affinity or signal mask. The kernel's version cannot sleep; this one may, but every job behind it on that CPU waits.
 *
 * Versions. PADATA_ABI_MAJOR changes when something breaks and is compared for equality. PADATA_ABI_MINOR grows when
 * fields are appended to structures that begin with `struct_size`, which says what fields the other side knows of. A description by
 * an earlier minor version is accepted, and what it does not have is taken for zero; of one by a later minor version, what is
 * not known is not looked at. A function that wants a field of padata_call or padata_api that came later than 1.0 looks at the
 * structure's `struct_size` first.
 */
#ifndef PADATA_H
#define PADATA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PADATA_ABI_MAJOR 1
#define PADATA_ABI_MINOR 0

/* The napi_type_tag of the External that carries a struct padata_function. Chosen at random, once. */
#define PADATA_TYPE_TAG_LOWER UINT64_C(0x8f3c5a0e6b1d47f2)
#define PADATA_TYPE_TAG_UPPER UINT64_C(0xb7e29d4401c84a6d)

/* How many parts an input may have: the input of an AEAD, for one, is iv, associated data and text. */
#define PADATA_MAX_PARTS 3

/* The most that `headroom` and `tailroom` of a function may each ask for, in bytes. */
#define PADATA_MAX_ROOM 65536

enum padata_kind { PADATA_KIND_JOB = 1, PADATA_KIND_RANGE = 2 };

/* Bits of padata_function.flags. */
enum padata_function_flags {
  PADATA_MAY_LEAVE_OUTSTANDING =
      1,                 /* parallel() may return -EINPROGRESS; without this bit do_serial() refuses its jobs */
  PADATA_TAKES_PARTS = 2 /* of a range function: its `arg` is an array of struct padata_part */
};

enum padata_result_type {
  PADATA_RESULT_NONE = 0,  /* undefined in JavaScript */
  PADATA_RESULT_BYTES = 1, /* a Uint8Array */
  PADATA_RESULT_NUMBER = 2 /* a number */
};

/* What a job came to. All zero is PADATA_RESULT_NONE. */
struct padata_result {
  uint32_t type;  /* enum padata_result_type */
  uint32_t size;  /* PADATA_RESULT_BYTES: how many bytes */
  uint8_t *bytes; /* PADATA_RESULT_BYTES: the first one; they must lie inside the call's room, see padata_call.bytes */
  double number;  /* PADATA_RESULT_NUMBER */
};

/*
 * Names a job whose parallel() left work outstanding. A plain value: copy it as you like. It stays safe to use after the
 * job is gone, do_serial() then refuses it.
 */
struct padata_ticket {
  void *job;
  uint64_t seq_nr;
};

/* What padata offers to a function. Valid for the life of the process. */
struct padata_api {
  uint32_t struct_size;
  uint32_t reserved;

  /*
   * The counterpart of the kernel's padata_do_serial(): the job that parallel() left outstanding is complete. Call it
   * once for each job for which parallel() returned -EINPROGRESS, from any thread, also from inside that parallel() call.
   * It never blocks. When it has been called, the memory of the job is no longer the caller's.
   *
   * status: 0, or a negative errno: serial() then sees the error in the job's turn.
   * result: what the job came to, copied before this returns; NULL for none; not looked at when status is not 0.
   *
   * Returns 0; or -EINVAL, and nothing is changed: no such job is outstanding (remedies: call it once per job; set
   * PADATA_MAY_LEAVE_OUTSTANDING in the function's flags).
   */
  int32_t (*do_serial)(struct padata_ticket ticket, int32_t status, const struct padata_result *result);
};

/*
 * One call of a job function: the input, and the place for the result. The structure itself lives only during the call;
 * the memory that `bytes` points to lives until the job is complete, so a function that leaves work outstanding copies
 * what it needs out of the structure and keeps the pointers.
 */
struct padata_call {
  uint32_t struct_size;

  /*
   * 0, or for serial() the negative errno that parallel() ended with. `bytes` and `size` are then the untouched or half
   * written input: do not use them.
   */
  int32_t status;

  /*
   * parallel(): the input, a private copy of what JavaScript gave, all parts one behind the other. serial(): the bytes of
   * the result of parallel(). The function may write to it, and to `headroom` bytes before and `tailroom` bytes behind
   * the input, as with an sk_buff; a result of type PADATA_RESULT_BYTES must lie in that room. NULL if there is none.
   * Other parts of the program can read and write this memory after a result in the same slab was delivered (as with the
   * pool behind Node's Buffers): read a length once, check it, and use what was checked.
   */
  uint8_t *bytes;
  size_t size;                        /* bytes of input, headroom and tailroom not counted */
  size_t part_size[PADATA_MAX_PARTS]; /* sizes of the parts, in order; their sum is `size` */
  uint32_t headroom;
  uint32_t tailroom;

  struct padata_result result; /* parallel(): to be filled in, NONE at first. serial(): what parallel() came to */

  int32_t cpu;                  /* the CPU on which this call runs */
  int32_t cb_cpu;               /* the CPU on which serial() is to run */
  struct padata_ticket ticket;  /* ticket.seq_nr is the job's position in the order of its shell, from 0 on */
  const struct padata_api *api; /* see above */
};

/*
 * A job function. Returns
 *   0              the job is complete, call->result says what it came to; doSerial follows by itself;
 *   -EINPROGRESS   work is outstanding: api->do_serial(call->ticket, ...) will be called later, or has been already
 *                  (only with PADATA_MAY_LEAVE_OUTSTANDING, otherwise the job fails with EPROTO);
 *   another -errno the job failed; it still takes its turn, and serial() sees the error.
 * For serial() the return value is not used.
 */
typedef int32_t (*padata_job_function)(struct padata_call *call, void *ctx);

/* One of several pieces of memory that a multithreaded job works on. */
struct padata_part {
  uint8_t *bytes; /* NULL if it has no bytes */
  size_t size;
};

/*
 * The thread function of a multithreaded job: do the units [start, end), which are never none. What a unit is, and where it lies, is
 * between the function and its users.
 *
 * `arg` is the job's shared state: the very bytes that JavaScript gave, `arg_size` of them, which every thread of the job sees; NULL
 * and 0 if there are none. With PADATA_TAKES_PARTS it is instead an array of struct padata_part, up to PADATA_MAX_PARTS of them, and
 * `arg_size` is the size of that array in bytes. The memory cannot go away during the call, but JavaScript and the other threads
 * may write to it at any time: synchronize what several chunks write to, read a length once, check it, and use what was checked; check
 * `start` and `end` against the sizes.
 *
 * Threads. The pinned thread of a CPU of the usable parallel mask, as for a job; or, when the call is synchronous, also the thread
 * that made it, whose signals are not blocked. Several threads are in it at the same time, each with another chunk.
 *
 * Returns 0, or a negative errno: then no further chunk of the job is begun.
 */
typedef int32_t (*padata_range_function)(uint64_t start, uint64_t end, uint8_t *arg, size_t arg_size, void *ctx);

/*
 * A native function, as an addon describes it. The structure is copied by nativeFunction(); `name` and `ctx` must stay
 * valid until `release` is called, or for ever where it is NULL. The library that holds the code is pinned in memory.
 */
struct padata_function {
  uint32_t struct_size; /* sizeof(struct padata_function) */
  uint16_t abi_major;   /* PADATA_ABI_MAJOR */
  uint16_t abi_minor;   /* PADATA_ABI_MINOR */
  uint32_t kind;        /* enum padata_kind; says which of the two members below is set */

  uint32_t headroom; /* bytes that the function may write before its input; at most PADATA_MAX_ROOM */
  uint32_t tailroom; /* bytes that it may write behind its input; at most PADATA_MAX_ROOM */
  uint32_t flags;    /* enum padata_function_flags, or 0 */

  padata_job_function job;     /* PADATA_KIND_JOB, else NULL */
  padata_range_function range; /* PADATA_KIND_RANGE, else NULL */

  void *ctx; /* passed to each call */

  /*
   * Called exactly once, on any thread, when no call is running and none can begin any more. May be NULL. It is called
   * for every function that nativeFunction() accepted, once for each time it was accepted; `retain`, if not NULL, is called
   * before each acceptance, so that a count in ctx can be kept.
   */
  void (*release)(void *ctx);
  void (*retain)(void *ctx);

  const char *name; /* for errors and statistics: ASCII, not empty */
};

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PADATA_H */
