/*
 * A ledger: parallel() digests a record, serial() adds the digest to a chain, which makes sense in one order only.
 *
 * From JavaScript:  const { digest, append, head } = ledger();
 *   digest   for parallel(): the FNV-1a hash of the input, 8 bytes
 *   append   for serial(): head = FNV-1a of (head, digest)
 *   head()   the head of the chain, a bigint
 */
#include <errno.h>
#include <node_api.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "padata.h" /* of padata, this is all: no library to link with */

enum { DIGEST_SIZE = 8 };
static const uint64_t FNV_OFFSET = UINT64_C(0xcbf29ce484222325);

/* Both functions of a ledger, and what serial() works on. It lives while anybody holds it: JavaScript or padata. */
struct ledger {
  struct padata_function digest;
  struct padata_function append;
  atomic_uint_least64_t head; /* one shell, one cb_cpu: only one serial() at a time. Atomic for those who read */
  atomic_int holders;
};

static uint64_t fnv1a(uint64_t hash, const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* parallel(): on the pinned thread of any CPU of the usable parallel mask, on several at once. No Node-API here. */
static int32_t run_digest(struct padata_call *call, void *ctx) {
  (void)ctx;
  if (call->bytes == NULL) return -ENOBUFS; /* there is tailroom, so this does not happen */
  uint64_t hash = fnv1a(FNV_OFFSET, call->bytes, call->size);
  uint8_t *result = call->bytes + call->size; /* into the tailroom that was asked for */
  memcpy(result, &hash, DIGEST_SIZE);
  call->result = (struct padata_result){.type = PADATA_RESULT_BYTES, .size = DIGEST_SIZE, .bytes = result};
  return 0;
}

/* serial(): on the pinned thread of cb_cpu, in the order of submission. Its input is the result of parallel(). */
static int32_t run_append(struct padata_call *call, void *ctx) {
  struct ledger *ledger = ctx;
  if (call->status != 0 || call->size != DIGEST_SIZE) return 0; /* parallel() has failed: bytes are not a digest */
  ledger->head = fnv1a(ledger->head, call->bytes, call->size);
  return 0;
}

static void hold(void *ctx) { atomic_fetch_add(&((struct ledger *)ctx)->holders, 1); }

/* On any thread. */
static void let_go(void *ctx) {
  struct ledger *ledger = ctx;
  if (atomic_fetch_sub(&ledger->holders, 1) == 1) free(ledger);
}

static struct padata_function describe(struct ledger *ledger, const char *name, padata_job_function job) {
  return (struct padata_function){
      .struct_size = sizeof(struct padata_function),
      .abi_major = PADATA_ABI_MAJOR,
      .abi_minor = PADATA_ABI_MINOR,
      .kind = PADATA_KIND_JOB,
      .job = job,
      .ctx = ledger,
      .retain = hold,
      .release = let_go,
      .name = name,
  };
}

static void drop_ledger(napi_env env, void *data, void *ledger) {
  (void)env, (void)data;
  let_go(ledger);
}

/* The External that nativeFunction() takes: it carries the description and has the type tag of padata. */
static napi_value external_of(napi_env env, struct ledger *ledger, struct padata_function *function) {
  static const napi_type_tag tag = {PADATA_TYPE_TAG_LOWER, PADATA_TYPE_TAG_UPPER};
  napi_value external;
  hold(ledger);
  napi_create_external(env, function, drop_ledger, ledger, &external);
  napi_type_tag_object(env, external, &tag);
  return external;
}

static napi_value read_head(napi_env env, napi_callback_info info) {
  void *ledger;
  napi_value head;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &ledger);
  napi_create_bigint_uint64(env, ((struct ledger *)ledger)->head, &head);
  return head;
}

static napi_value new_ledger(napi_env env, napi_callback_info info) {
  struct ledger *ledger = calloc(1, sizeof(*ledger));
  napi_value object, head;
  (void)info;
  if (ledger == NULL) {
    napi_throw_error(env, "ENOMEM", "no memory for a ledger");
    return NULL;
  }
  ledger->digest = describe(ledger, "ledger.digest", run_digest);
  ledger->digest.tailroom = DIGEST_SIZE;
  ledger->append = describe(ledger, "ledger.append", run_append);
  ledger->head = FNV_OFFSET;
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "digest", external_of(env, ledger, &ledger->digest));
  napi_set_named_property(env, object, "append", external_of(env, ledger, &ledger->append));
  napi_create_function(env, "head", NAPI_AUTO_LENGTH, read_head, ledger, &head);
  hold(ledger);
  napi_add_finalizer(env, head, ledger, drop_ledger, ledger, NULL);
  napi_set_named_property(env, object, "head", head);
  return object;
}

NAPI_MODULE_INIT() {
  napi_value ledger;
  napi_create_function(env, "ledger", NAPI_AUTO_LENGTH, new_ledger, NULL, &ledger);
  napi_set_named_property(env, exports, "ledger", ledger);
  return exports;
}
