/*
 * Doorstep phone core: the C ABI.
 *
 * A technician's phone app embeds this library to record what happens on a doorstep with no network, and to sync it
 * with the company's Doorstep server when there is one.
 *
 * Conventions
 *   - Messages cross as serialized protobuf (package doorstep.v1, mostly client.proto): pointer and length. Input
 *     bytes are copied before the call returns. Output bytes belong to the result.
 *   - Every call that can fail returns a `doorstep_result *`, never NULL, owned by the caller: read it with the
 *     doorstep_result_* functions and give it back with doorstep_result_free (NULL is allowed there).
 *   - The code of a result says what to do: UNAVAILABLE and DEADLINE_EXCEEDED: call again later; FAILED_PRECONDITION:
 *     do something else first (the message says what); INVALID_ARGUMENT: fix the program; RESOURCE_EXHAUSTED: free
 *     disk space; DATA_LOSS: a file is damaged, see doorstep_status; CANCELLED: the core is being closed.
 *   - Structs begin with their size: set `size = sizeof(struct)`, zero the rest; an older library ignores what it
 *     does not know.
 *   - Threads: every function may be called from any thread; calls run one after another on the core's own queue.
 *     Callbacks come from the core's threads or, while it is in a call, from the caller's (the key, clocks, the start
 *     of an enrolment); they must return quickly and must not call back into the core, doorstep_transport_complete
 *     excepted. An observer (doorstep_observe) is the other exception: it has a thread of its own and may call
 *     everything but doorstep_close.
 *   - No exception, abort or C++ type crosses this header.
 */
#ifndef DOORSTEP_DOORSTEP_H_
#define DOORSTEP_DOORSTEP_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define DOORSTEP_API __attribute__((visibility("default")))
#else
#define DOORSTEP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a function or struct changes in a way that older callers would notice. */
#define DOORSTEP_ABI_VERSION 1

typedef struct doorstep_core doorstep_core;
typedef struct doorstep_result doorstep_result;

/* The canonical status codes. */
typedef enum doorstep_code {
  DOORSTEP_OK = 0,
  DOORSTEP_CANCELLED = 1,
  DOORSTEP_UNKNOWN = 2,
  DOORSTEP_INVALID_ARGUMENT = 3,
  DOORSTEP_DEADLINE_EXCEEDED = 4,
  DOORSTEP_NOT_FOUND = 5,
  DOORSTEP_ALREADY_EXISTS = 6,
  DOORSTEP_PERMISSION_DENIED = 7,
  DOORSTEP_RESOURCE_EXHAUSTED = 8,
  DOORSTEP_FAILED_PRECONDITION = 9,
  DOORSTEP_ABORTED = 10,
  DOORSTEP_OUT_OF_RANGE = 11,
  DOORSTEP_UNIMPLEMENTED = 12,
  DOORSTEP_INTERNAL = 13,
  DOORSTEP_UNAVAILABLE = 14,
  DOORSTEP_DATA_LOSS = 15,
  DOORSTEP_UNAUTHENTICATED = 16
} doorstep_code;

typedef enum doorstep_log_level {
  DOORSTEP_LOG_DEBUG = 0,
  DOORSTEP_LOG_INFO = 1,
  DOORSTEP_LOG_WARNING = 2,
  DOORSTEP_LOG_ERROR = 3
} doorstep_log_level;

/* What the phone's clocks say at one moment. */
typedef struct doorstep_clock_reading {
  size_t size;
  int64_t wall_time_us; /* Unix microseconds UTC. */
  int64_t monotonic_us; /* Runs while the phone sleeps; starts anew with each boot. */
  int32_t utc_offset_s; /* -50400 to 50400. */
  char boot_id[37];     /* NUL-terminated, 1 to 36 bytes. */
} doorstep_clock_reading;

/* How the core reads clocks. `now` NULL: the system's clocks. */
typedef struct doorstep_clock {
  size_t size;
  void* context;
  void (*now)(void* context, doorstep_clock_reading* reading);
} doorstep_clock;

/* Fills `key` with 32 bytes from the host's keystore and returns 0; another value fails the open, as does
 * a key of zeros. Called during doorstep_open. The core keeps the key only as long as its files are open. */
typedef int (*doorstep_key_callback)(void* context, uint8_t key[32]);

/* One line without a newline; ids, never contents. */
typedef void (*doorstep_log_callback)(void* context, doorstep_log_level level, const char* line);

/* One thing that the core did and what it took, without ids or contents. `what` is one of
 *   open     doorstep_open
 *   append   doorstep_append: from the tap until it is durable
 *   call     a call to the office, from its start until its answer is here or nobody waits any more (CANCELLED)
 *   wake     the core woke by itself because a time had come
 * More may be added: ignore what you do not know. */
typedef struct doorstep_metric {
  size_t size;
  const char* what;
  const char* method;  /* Of a call, "/doorstep.v1.SyncService/Push"; else "". Valid until the callback returns. */
  doorstep_code code;  /* How it ended. */
  int64_t duration_us; /* 0 of a wake. */
  uint64_t bytes_up;   /* Of a call's messages, without what gRPC adds. */
  uint64_t bytes_down;
} doorstep_metric;

/* Called where the thing was done, on a thread that has more to do: note it and return. */
typedef void (*doorstep_metric_callback)(void* context, const doorstep_metric* metric);

/* Something has changed: `kinds` is a set of bits, 1 << k for the PhoneEvent kind k of client.proto. Called on a thread
 * that the core keeps for nothing else, one call at a time, with no lock held. */
typedef void (*doorstep_observer)(void* context, uint32_t kinds);

/* A unary call for the host to carry over its own gRPC. Pointers are valid until `start` returns. */
typedef struct doorstep_call {
  size_t size;
  uint64_t id;
  const char* method;        /* "/doorstep.v1.SyncService/Push" */
  const char* authorization; /* Metadata value, "Bearer ..."; empty for Enroll. Secret. */
  const uint8_t* request;
  size_t request_length;
  uint32_t deadline_ms; /* From now. */
} doorstep_call;

/* The host's transport. `start` begins a call and returns at once; the host answers later, from any thread, with
 * doorstep_transport_complete. `cancel` says that nobody waits any more; completing the call then is allowed and
 * ignored. */
typedef struct doorstep_transport {
  size_t size;
  void* context;
  void (*start)(void* context, const doorstep_call* call);
  void (*cancel)(void* context, uint64_t call_id);
} doorstep_transport;

typedef enum doorstep_key_algorithm { DOORSTEP_ED25519 = 1, DOORSTEP_P256 = 2 } doorstep_key_algorithm;

/* No signature is longer. */
#define DOORSTEP_SIGNATURE_MAX 72

/* A key of the host's, in the phone's secure hardware, that signs what the core sends, so that the office knows entries
 * for this phone's own. The core never sees its private half. Give the same key at every open: another one is noted at
 * the office. */
typedef struct doorstep_signer {
  size_t size;
  void* context;
  doorstep_key_algorithm algorithm;
  /* P256: the uncompressed point, 65 bytes (4, X, Y); ED25519: 32 bytes. Copied. */
  const uint8_t* public_key;
  size_t public_key_length;
  /* Signs `message` (at most 256 bytes), writes the signature and its length, and returns 0; another value: there is
   * none now, and the core tries again later, its entries wait. P256: ECDSA with SHA-256 over the message as ASN.1 DER,
   * as Android's "SHA256withECDSA" and Apple's ecdsaSignatureMessageX962SHA256 make it; ED25519: 64 bytes. Called on a
   * thread that the core keeps for nothing else, one call at a time. It may take seconds, but not a minute: what was to
   * be signed is given up then. It must return: doorstep_close waits for it. */
  int (*sign)(void* context, const uint8_t* message, size_t length, uint8_t signature[DOORSTEP_SIGNATURE_MAX],
              size_t* signature_length);
} doorstep_signer;

typedef struct doorstep_options {
  size_t size;
  const char* directory; /* Existing folder for this core's files. One core at a time. */
  doorstep_clock clock;
  doorstep_key_callback key; /* NULL: files are not encrypted. */
  void* key_context;
  doorstep_log_callback log; /* NULL: no log. */
  void* log_context;
  doorstep_log_level log_level;        /* Lines below it are not made. */
  const char* server_address;          /* For the built-in gRPC transport, "127.0.0.1:7443". NULL with `transport`. */
  int insecure_loopback;               /* 1: no TLS; refused unless the address is loopback. */
  const doorstep_transport* transport; /* NULL: the built-in one (UNIMPLEMENTED where it is not linked). Copied. */
  doorstep_metric_callback metric;     /* NULL: nothing is told. */
  void* metric_context;
  const doorstep_signer* signer; /* NULL: the core makes a key of its own, Ed25519, kept with its files. Copied. */
} doorstep_options;

/* ---- library ---- */
/* The DOORSTEP_ABI_VERSION this library was built with. */
DOORSTEP_API uint32_t doorstep_abi_version(void);
/* "0.1.0". Static. */
DOORSTEP_API const char* doorstep_version(void);
/* "INVALID_ARGUMENT". Static; "UNKNOWN" for other numbers. */
DOORSTEP_API const char* doorstep_code_name(doorstep_code code);

/* ---- results ---- */
DOORSTEP_API doorstep_code doorstep_result_code(const doorstep_result* result);
/* Plain words naming field and bound; "" when OK. Valid until the result is freed. */
DOORSTEP_API const char* doorstep_result_message(const doorstep_result* result);
/* The serialized answer; NULL and 0 when there is none. Valid until the result is freed. */
DOORSTEP_API const uint8_t* doorstep_result_bytes(const doorstep_result* result, size_t* length);
DOORSTEP_API void doorstep_result_free(doorstep_result* result);

/* ---- life ---- */
/* Opens the files in `options->directory`, making them when missing, and sets `*core`. FAILED_PRECONDITION: another
 * core has them open, or the key is missing or wrong. A damaged replica is rebuilt; a damaged journal is set aside,
 * salvaged and reported by doorstep_status. */
DOORSTEP_API doorstep_result* doorstep_open(const doorstep_options* options, doorstep_core** core);
/* Stops syncing, waits for callbacks to end, closes the files. NULL is allowed. What was recorded stays. */
DOORSTEP_API void doorstep_close(doorstep_core* core);
/* EnrolmentRequest. Blocks for at most 30 s. Repeat it after any failure: a lost answer gives the same device. */
DOORSTEP_API doorstep_result* doorstep_enrol(doorstep_core* core, const uint8_t* request, size_t length);

/* ---- who works with this phone ---- */
/* `technician_id` of those whom the office lets use this phone (doorstep_status lists them) signs in: their visits are
 * fetched from now on, and entries without an author are theirs. Needs no network. Repeating it makes them the last who
 * signed in. -> SignInResult. PERMISSION_DENIED: the office does not let them, as far as this phone has heard; sync,
 * and if it stays so ask the office. FAILED_PRECONDITION: not enrolled. */
DOORSTEP_API doorstep_result* doorstep_sign_in(doorstep_core* core, const char* technician_id);
/* The technician signs out: what the office sent for them alone is removed from this phone. What they recorded stays,
 * is sent as before under their name, and the result says how much of it is only here. Needs no network. Repeating it
 * changes nothing. -> SignOutResult. NOT_FOUND: was never signed in here. */
DOORSTEP_API doorstep_result* doorstep_sign_out(doorstep_core* core, const char* technician_id);

/* ---- recording ---- */
/* AppendRequest -> AppendResponse. Durable when it returns OK, with no network. INVALID_ARGUMENT: too large or not
 * well-formed, nothing recorded; never refused because of the visit's state. FAILED_PRECONDITION: not enrolled, or the
 * damaged journal cannot be replaced until the app is opened again; nothing recorded, and the message says what to do.
 * DEADLINE_EXCEEDED: the core was busy for a minute and may still record it; repeat it with the same token, and it is
 * recorded once. */
DOORSTEP_API doorstep_result* doorstep_append(doorstep_core* core, const uint8_t* request, size_t length);
/* JournalPosition -> EntryStatus. NOT_FOUND: not an entry of this phone, or one that it does not keep any more because
 * the office has it for good; the message says which. */
DOORSTEP_API doorstep_result* doorstep_entry_status(doorstep_core* core, const uint8_t* position, size_t length);
/* QueueListRequest -> QueueListResponse. */
DOORSTEP_API doorstep_result* doorstep_queue_list(doorstep_core* core, const uint8_t* request, size_t length);

/* ---- attachments: photos, signatures, documents ---- */
/* AttachmentAddRequest -> AttachmentAddResponse. Durable when it returns OK: add first, then append the entry that
 * names the hash it answers (AttachmentAdded), and the core sends both, entries first. Adding the same bytes again
 * changes nothing. INVALID_ARGUMENT: too large or empty; NOT_FOUND: no such file; RESOURCE_EXHAUSTED: the phone's disk
 * is full, or too much waits already; nothing is kept then. */
DOORSTEP_API doorstep_result* doorstep_attachment_add(doorstep_core* core, const uint8_t* request, size_t length);
/* AttachmentsListRequest -> AttachmentsListResponse: what is here, and how much of each is at the office. */
DOORSTEP_API doorstep_result* doorstep_attachments_list(doorstep_core* core, const uint8_t* request, size_t length);
/* AttachmentReadRequest -> AttachmentReadResponse. NOT_FOUND: not on this phone, or no longer; OUT_OF_RANGE: `offset`
 * lies behind its end; DATA_LOSS: its bytes here are damaged. */
DOORSTEP_API doorstep_result* doorstep_attachment_read(doorstep_core* core, const uint8_t* request, size_t length);

/* ---- reading ---- */
/* VisitsListRequest -> VisitsListResponse. */
DOORSTEP_API doorstep_result* doorstep_visits_list(doorstep_core* core, const uint8_t* request, size_t length);
/* -> LocalVisit. NOT_FOUND: not on this phone; doorstep_explain says why. */
DOORSTEP_API doorstep_result* doorstep_visit_get(doorstep_core* core, const char* visit_id);
/* -> AccountBrief. */
DOORSTEP_API doorstep_result* doorstep_brief_get(doorstep_core* core, const char* account_id);

/* ---- sync ---- */
/* SyncBudget -> SyncReport. Sends and fetches until done or the budget is spent; blocks. OK also when it stopped
 * early: the report says what was not done and why. INVALID_ARGUMENT: a bound of bytes with which nothing would be
 * begun. */
DOORSTEP_API doorstep_result* doorstep_sync_once(doorstep_core* core, const uint8_t* budget, size_t length);
/* Syncs by itself from now on, until doorstep_sync_stop. Repeating either does nothing. */
DOORSTEP_API doorstep_result* doorstep_sync_start(doorstep_core* core);
DOORSTEP_API doorstep_result* doorstep_sync_stop(doorstep_core* core);
/* ReadinessRequest -> Readiness: does this phone have everything for a day without a network? Answers from what is
 * here; with `sync` in the request it syncs first, as doorstep_sync_once, and answers also when that came to nothing.
 * INVALID_ARGUMENT: the day is none. FAILED_PRECONDITION: not enrolled. */
DOORSTEP_API doorstep_result* doorstep_prepare_offline(doorstep_core* core, const uint8_t* request, size_t length);
/* Before the system suspends the app. Begins no more calls, gives those that are under way until `deadline_ms` from now
 * (0: gives them up at once), and brings the files into the state in which they may lie for weeks. Everything that was
 * recorded is durable anyway. -> QuiesceResult. A running doorstep_sync_once returns and says what it did not get to.
 * Whatever is called next wakes the core, and it goes on as before; doorstep_events_poll does not wake it, nor do
 * callbacks. Repeating it is allowed. */
DOORSTEP_API doorstep_result* doorstep_quiesce(doorstep_core* core, uint32_t deadline_ms);
/* Tells the core what the phone noticed: a PhoneNotice value of client.proto. */
DOORSTEP_API doorstep_result* doorstep_notify(doorstep_core* core, int notice);
/* `token`: by what the phone's push service (FCM, APNs) wakes this app, as the service gave it: UTF-8, at most 4096
 * bytes. NULL or "": it has none any more. The office is told with the next contact, and again when it has forgotten
 * it; its push gateway can then wake this phone when something urgent waits, and the app answers a push with
 * doorstep_notify(HINT) or doorstep_sync_once. Durable when OK; needs no network and no enrolment. Call it at every
 * start and whenever the service names another token: the same one again changes nothing. As good as a secret: no log,
 * status or bundle has it. INVALID_ARGUMENT: too long, or no UTF-8. RESOURCE_EXHAUSTED: the disk is full. */
DOORSTEP_API doorstep_result* doorstep_set_push_token(doorstep_core* core, const char* token);
/* Ends a call of the host's transport. `status` is a doorstep_code; `response` is the answer (OK) or the error's
 * message. While doorstep_close runs it does nothing; once that has returned there is no core to complete for. */
DOORSTEP_API void doorstep_transport_complete(doorstep_core* core, uint64_t call_id, doorstep_code status,
                                              const uint8_t* response, size_t length);

/* ---- knowing ---- */
/* -> EventsPollResponse. Waits up to `timeout_ms` for the first event (0: does not wait). */
DOORSTEP_API doorstep_result* doorstep_events_poll(doorstep_core* core, uint32_t max, uint32_t timeout_ms);
/* Calls `observer` when there is something for doorstep_events_poll to bring of the kinds in the set `kinds` (bits as
 * in doorstep_observer; UINT32_MAX: of every kind), at once for what waits already. After it was told of a kind it is
 * not told of it again until a poll has left none of that kind waiting: at most one call is outstanding for each kind,
 * whatever happens meanwhile. There is one observer: another replaces it, NULL removes it; when this returns the one
 * before is not running and will not be called any more, unless it was the one that called. The observer may call every
 * function but doorstep_close, which does nothing there; doorstep_close waits until it has returned. */
DOORSTEP_API doorstep_result* doorstep_observe(doorstep_core* core, doorstep_observer observer, void* context,
                                               uint32_t kinds);
/* -> PhoneStatus. */
DOORSTEP_API doorstep_result* doorstep_status(doorstep_core* core);
/* ExplainRequest -> Explanation: why an entry is not counted, why a visit is not here; plain words. */
DOORSTEP_API doorstep_result* doorstep_explain(doorstep_core* core, const uint8_t* request, size_t length);

/* -> Bundle: all that is only on this phone, for the host to write to a file and hand over where there is no network;
 * `doorstep import FILE` takes it at the office. Changes nothing here, and what reaches the office in both ways counts
 * once. It is as confidential as what was recorded. FAILED_PRECONDITION: not enrolled. */
DOORSTEP_API doorstep_result* doorstep_export_bundle(doorstep_core* core);

#ifdef __cplusplus
}
#endif

#endif /* DOORSTEP_DOORSTEP_H_ */
