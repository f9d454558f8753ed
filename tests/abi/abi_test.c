/* What an app in plain C does with the phone core: links it, opens it, records with no network, brings its own
 * transport, closes it. Field numbers are those of proto/doorstep/v1/client.proto. */
#define _XOPEN_SOURCE 700

#include <doorstep/doorstep.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/abi/wire.h"

static int failures = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

/* Checks the code of a result and frees it. */
static void expect(int line, doorstep_result* result, doorstep_code code, const char* words) {
  if (doorstep_result_code(result) != code || strstr(doorstep_result_message(result), words) == NULL) {
    fprintf(stderr, "%s:%d: wanted %s \"%s\", got %s \"%s\"\n", __FILE__, line, doorstep_code_name(code), words,
            doorstep_code_name(doorstep_result_code(result)), doorstep_result_message(result));
    ++failures;
  }
  doorstep_result_free(result);
}
#define EXPECT(result, code, words) expect(__LINE__, result, code, words)

/* ---- a host: clock, log, key, transport ---- */

typedef struct host {
  doorstep_core* core;
  int64_t now_us;
  unsigned log_lines;
  uint8_t key_byte;
  int silent; /* Never answer. */
  unsigned calls;
  unsigned cancelled;
  char last_method[64];
  char last_authorization[64];
  pthread_t answering;
  int answer_from_thread;
  uint64_t call_id;
  const char* boot_id;       /* NULL: "boot-1". */
  const char* why;           /* What an answer that is an error says; NULL: that there is no network. */
  const int64_t* clocks_say; /* NULL: the time. */
} host;

static void host_now(void* context, doorstep_clock_reading* reading) {
  host* h = context;
  h->now_us += 1000;
  reading->wall_time_us = 1763900000000000 + h->now_us;
  reading->monotonic_us = 5000000 + h->now_us;
  reading->utc_offset_s = 3600;
  if (h->clocks_say != NULL) reading->wall_time_us = reading->monotonic_us = *h->clocks_say;
  strcpy(reading->boot_id, h->boot_id != NULL ? h->boot_id : "boot-1");
}

static void host_log(void* context, doorstep_log_level level, const char* line) {
  host* h = context;
  CHECK(level >= DOORSTEP_LOG_INFO);
  CHECK(strchr(line, '\n') == NULL);
  ++h->log_lines;
}

static int host_key(void* context, uint8_t key[32]) {
  const host* h = context;
  if (h->key_byte == 0) return 1;
  memset(key, h->key_byte, 32);
  return 0;
}

/* An EnrollResponse: device d7, Ana, epochs 1 and 2. */
static wire enroll_answer(void) {
  wire technician = {{0}, 0}, epoch = {{0}, 0}, spare = {{0}, 0}, answer = {{0}, 0};
  wire_text(&technician, 1, "ana");
  wire_text(&technician, 2, "Ana");
  wire_number(&epoch, 1, 1);
  wire_bytes(&epoch, 2, "0123456789abcdef", 16);
  wire_number(&spare, 1, 2);
  wire_bytes(&spare, 2, "fedcba9876543210", 16);
  wire_text(&answer, 1, "d7");
  wire_text(&answer, 2, "secret");
  wire_message(&answer, 3, &technician);
  wire_message(&answer, 4, &epoch);
  wire_message(&answer, 5, &spare);
  wire_number(&answer, 6, 1763900000000000);
  wire_text(&answer, 7, "g1");
  return answer;
}

static void* answer_enroll(void* context) {
  host* h = context;
  const wire answer = enroll_answer();
  doorstep_transport_complete(h->core, h->call_id, DOORSTEP_OK, answer.bytes, answer.length);
  /* What is completed twice or for nobody is ignored. */
  doorstep_transport_complete(h->core, h->call_id, DOORSTEP_INTERNAL, NULL, 0);
  doorstep_transport_complete(h->core, 987654321, DOORSTEP_OK, answer.bytes, answer.length);
  return NULL;
}

static void host_start(void* context, const doorstep_call* call) {
  host* h = context;
  ++h->calls;
  snprintf(h->last_method, sizeof(h->last_method), "%s", call->method);
  snprintf(h->last_authorization, sizeof(h->last_authorization), "%s", call->authorization);
  CHECK(call->size >= sizeof(doorstep_call));
  CHECK(call->deadline_ms > 0);
  if (h->silent) return;
  h->call_id = call->id;
  if (strcmp(call->method, "/doorstep.v1.EnrollmentService/Enroll") != 0) {
    const char* why = h->why != NULL ? h->why : "no network here";
    doorstep_transport_complete(h->core, call->id, DOORSTEP_UNAVAILABLE, (const uint8_t*)why, strlen(why));
  } else if (pthread_create(&h->answering, NULL, answer_enroll, h) == 0) {
    h->answer_from_thread = 1;
  }
}

static void host_cancel(void* context, uint64_t call_id) {
  host* h = context;
  CHECK(call_id != 0);
  ++h->cancelled;
  /* As a host does whose gRPC ends a cancelled call at once; also while the core is being closed. */
  doorstep_transport_complete(h->core, call_id, DOORSTEP_CANCELLED, NULL, 0);
}

/* How often each was told of. From several threads. */
typedef struct measures {
  pthread_mutex_t mutex;
  unsigned opened, refused_opens, tapped, refused_taps, called, others;
  uint64_t bytes_up;
} measures;

static void host_metric(void* context, const doorstep_metric* metric) {
  measures* m = context;
  pthread_mutex_lock(&m->mutex);
  CHECK(metric->size >= sizeof(*metric));
  CHECK(metric->duration_us >= 0);
  if (strcmp(metric->what, "open") == 0) {
    ++*(metric->code == DOORSTEP_OK ? &m->opened : &m->refused_opens);
  } else if (strcmp(metric->what, "append") == 0) {
    ++*(metric->code == DOORSTEP_OK ? &m->tapped : &m->refused_taps);
  } else if (strcmp(metric->what, "call") == 0) {
    CHECK(strncmp(metric->method, "/doorstep.v1.SyncService/", 25) == 0);
    CHECK(metric->code == DOORSTEP_UNAVAILABLE);
    m->bytes_up += metric->bytes_up;
    ++m->called;
  } else {
    CHECK(strcmp(metric->method, "") == 0);
    ++m->others;
  }
  pthread_mutex_unlock(&m->mutex);
}

static doorstep_options options_of(host* h, const char* directory, const doorstep_transport* transport) {
  doorstep_options options;
  memset(&options, 0, sizeof(options));
  options.size = sizeof(options);
  options.directory = directory;
  options.clock.size = sizeof(options.clock);
  options.clock.context = h;
  options.clock.now = host_now;
  options.log = host_log;
  options.log_context = h;
  options.log_level = DOORSTEP_LOG_INFO;
  options.transport = transport;
  return options;
}

static doorstep_transport transport_of(host* h) {
  doorstep_transport transport;
  memset(&transport, 0, sizeof(transport));
  transport.size = sizeof(transport);
  transport.context = h;
  transport.start = host_start;
  transport.cancel = host_cancel;
  return transport;
}

static int remove_one(const char* path, const struct stat* status, int type, struct FTW* where) {
  (void)status, (void)type, (void)where;
  return remove(path);
}

/* Runs a test in a folder of its own. */
static void in_new_directory(void (*test)(const char* directory)) {
  char directory[] = "/tmp/doorstep-abi-XXXXXX";
  if (mkdtemp(directory) == NULL) abort();
  test(directory);
  nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- requests ---- */

static wire append_request(const char* visit_id, const char* text, const char* token) {
  wire note = {{0}, 0}, entry = {{0}, 0}, request = {{0}, 0};
  wire_text(&note, 1, text);
  wire_text(&entry, 2, visit_id);
  wire_message(&entry, 28, &note);
  wire_message(&request, 2, &entry);
  if (token != NULL) wire_text(&request, 3, token);
  return request;
}

static wire position_of(uint64_t seq) {
  wire position = {{0}, 0};
  wire_text(&position, 1, "d7");
  wire_number(&position, 2, 1);
  wire_number(&position, 3, seq);
  return position;
}

static uint64_t status_number(doorstep_core* core, unsigned field) {
  size_t length = 0;
  doorstep_result* result = doorstep_status(core);
  const uint8_t* bytes = doorstep_result_bytes(result, &length);
  const uint64_t number = wire_find_number(bytes, length, field);
  CHECK(doorstep_result_code(result) == DOORSTEP_OK);
  doorstep_result_free(result);
  return number;
}

/* ---- tests ---- */

static void test_library(void) {
  CHECK(doorstep_abi_version() == DOORSTEP_ABI_VERSION);
  CHECK(strlen(doorstep_version()) > 0);
  CHECK(strcmp(doorstep_code_name(DOORSTEP_INVALID_ARGUMENT), "INVALID_ARGUMENT") == 0);
  CHECK(strcmp(doorstep_code_name((doorstep_code)99), "UNKNOWN") == 0);
  doorstep_result_free(NULL);
  doorstep_close(NULL);
  doorstep_transport_complete(NULL, 1, DOORSTEP_OK, NULL, 0);
}

static int no_signature(void* context, const uint8_t* message, size_t length, uint8_t* signature, size_t* written) {
  (void)context, (void)message, (void)length, (void)signature, (void)written;
  return 1;
}

static void test_wrong_signers(const char* directory) {
  host h = {0};
  doorstep_core* core = NULL;
  uint8_t point[65] = {4};
  doorstep_signer signer = {sizeof(signer), NULL, DOORSTEP_P256, point, sizeof(point), no_signature};
  doorstep_options options = options_of(&h, directory, NULL);
  options.signer = &signer;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  doorstep_close(core);
  core = NULL;
  signer.sign = NULL;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.signer.sign");
  signer.sign = no_signature;
  signer.public_key = NULL;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.signer.public_key");
  signer.public_key = point;
  signer.public_key_length = 64;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.signer.public_key: must have 65 bytes");
  signer.algorithm = DOORSTEP_ED25519;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.signer.public_key: must have 32 bytes");
  signer.algorithm = (doorstep_key_algorithm)3;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.signer.algorithm");
  signer.size = 8;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.signer.size");
  CHECK(core == NULL);
}

static void test_wrong_arguments(const char* directory) {
  host h = {0};
  doorstep_core* core = NULL;
  doorstep_transport transport = transport_of(&h);
  doorstep_options options = options_of(&h, directory, &transport);
  EXPECT(doorstep_open(NULL, &core), DOORSTEP_INVALID_ARGUMENT, "options");
  EXPECT(doorstep_open(&options, NULL), DOORSTEP_INVALID_ARGUMENT, "core");
  options.size = 8;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.size");
  options = options_of(&h, NULL, &transport);
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.directory");
  options = options_of(&h, "/no/such/folder", &transport);
  EXPECT(doorstep_open(&options, &core), DOORSTEP_FAILED_PRECONDITION, "");
  options = options_of(&h, directory, &transport);
  transport.start = NULL;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.transport.start");
  transport = transport_of(&h);
  transport.size = 4;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.transport.size");
  options = options_of(&h, directory, NULL);
  options.clock.size = 1;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "options.clock.size");
  CHECK(core == NULL);
  EXPECT(doorstep_status(NULL), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_export_bundle(NULL), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_append(NULL, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_sign_in(NULL, "ana"), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_sign_out(NULL, "ana"), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_prepare_offline(NULL, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_quiesce(NULL, 0), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_set_push_token(NULL, "fcm-1"), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_observe(NULL, NULL, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "core");

  options = options_of(&h, directory, NULL);
  options.server_address = "127.0.0.1:1";
  options.insecure_loopback = 1;
#ifdef DOORSTEP_WITH_GRPC
  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  doorstep_close(core);
  options.insecure_loopback = 0;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "insecure_loopback");
  options.insecure_loopback = 1;
  options.server_address = "10.1.2.3:7443";
  EXPECT(doorstep_open(&options, &core), DOORSTEP_INVALID_ARGUMENT, "server_address");
#else
  EXPECT(doorstep_open(&options, &core), DOORSTEP_UNIMPLEMENTED, "options.transport");
#endif
}

/* An app that was built against a later header passes a larger struct. */
static void test_later_header(const char* directory) {
  struct {
    doorstep_options known;
    uint64_t unknown[8];
  } later;
  host h = {0};
  doorstep_core* core = NULL;
  memset(&later, 0x5A, sizeof(later));
  later.known = options_of(&h, directory, NULL);
  later.known.size = sizeof(later);
  EXPECT(doorstep_open(&later.known, &core), DOORSTEP_OK, "");
  doorstep_close(core);
}

static void test_recording(const char* directory) {
  host h = {0};
  doorstep_core* core = NULL;
  doorstep_core* second = NULL;
  doorstep_transport transport = transport_of(&h);
  doorstep_options options = options_of(&h, directory, &transport);
  doorstep_result* result;
  const uint8_t* bytes;
  size_t length = 0;
  size_t size = 0;
  wire request = {{0}, 0}, position, garbage = {{0xFF, 0xFF, 0xFF}, 3};
  int i;

  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  if (core == NULL) return;
  h.core = core;
  EXPECT(doorstep_open(&options, &second), DOORSTEP_FAILED_PRECONDITION, "");

  /* Not enrolled yet. */
  request = append_request("visit-1", "hello", NULL);
  EXPECT(doorstep_append(core, request.bytes, request.length), DOORSTEP_FAILED_PRECONDITION, "enrol");
  EXPECT(doorstep_sync_once(core, NULL, 0), DOORSTEP_FAILED_PRECONDITION, "enrol");

  request.length = 0;
  wire_text(&request, 1, "invitation");
  wire_text(&request, 2, "Ana's phone");
  EXPECT(doorstep_enrol(core, request.bytes, request.length), DOORSTEP_OK, "");
  CHECK(h.answer_from_thread);
  pthread_join(h.answering, NULL);
  CHECK(strcmp(h.last_authorization, "") == 0);
  CHECK(status_number(core, 2) == 1); /* enrolled */

  /* With no network, three entries; the second with a token, twice. */
  for (i = 0; i < 4; ++i) {
    request = append_request("visit-1", "text \xE4\xBD\xA0\xE5\xA5\xBD", i == 1 || i == 2 ? "token" : NULL);
    result = doorstep_append(core, request.bytes, request.length);
    CHECK(doorstep_result_code(result) == DOORSTEP_OK);
    bytes = doorstep_result_bytes(result, &length);
    CHECK(wire_find_number(bytes, length, 3) == (uint64_t)(i == 2)); /* repeated */
    CHECK(wire_count(bytes, length, 2) == 1);                        /* The visit is not on this phone. */
    bytes = wire_find_bytes(bytes, length, 1, &size);
    CHECK(wire_find_number(bytes, size, 3) == (uint64_t)(i <= 1 ? i + 1 : i)); /* seq */
    doorstep_result_free(result);
  }
  CHECK(status_number(core, 4) == 3); /* recorded */
  CHECK(status_number(core, 5) == 3); /* saved here */

  /* What is refused, and by which name. */
  EXPECT(doorstep_append(core, garbage.bytes, garbage.length), DOORSTEP_INVALID_ARGUMENT, "request");
  EXPECT(doorstep_append(core, NULL, 5), DOORSTEP_INVALID_ARGUMENT, "request");
  EXPECT(doorstep_append(core, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "entry.fact");
  request = append_request("visit-1", "bad \xFF utf-8", NULL);
  EXPECT(doorstep_append(core, request.bytes, request.length), DOORSTEP_INVALID_ARGUMENT, "");

  position = position_of(2);
  result = doorstep_entry_status(core, position.bytes, position.length);
  CHECK(doorstep_result_code(result) == DOORSTEP_OK);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(wire_find_number(bytes, length, 2) == 1); /* SAVED_HERE */
  doorstep_result_free(result);
  position = position_of(9);
  EXPECT(doorstep_entry_status(core, position.bytes, position.length), DOORSTEP_NOT_FOUND, "");

  result = doorstep_queue_list(core, NULL, 0);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(wire_count(bytes, length, 1) == 3);
  doorstep_result_free(result);

  EXPECT(doorstep_visits_list(core, NULL, 0), DOORSTEP_OK, "");
  EXPECT(doorstep_visit_get(core, "visit-1"), DOORSTEP_NOT_FOUND, "");
  EXPECT(doorstep_visit_get(core, NULL), DOORSTEP_INVALID_ARGUMENT, "visit_id");
  EXPECT(doorstep_visit_get(core, ""), DOORSTEP_INVALID_ARGUMENT, "visit_id");
  EXPECT(doorstep_brief_get(core, "account-1"), DOORSTEP_NOT_FOUND, "");
  request.length = 0;
  wire_text(&request, 2, "visit-1");
  result = doorstep_explain(core, request.bytes, request.length);
  CHECK(doorstep_result_code(result) == DOORSTEP_OK);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(wire_count(bytes, length, 1) > 0);
  doorstep_result_free(result);

  /* The host's network answers UNAVAILABLE: the report says why, and nothing is lost. */
  request.length = 0;
  wire_number(&request, 1, 300);
  result = doorstep_sync_once(core, request.bytes, request.length);
  CHECK(doorstep_result_code(result) == DOORSTEP_OK);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(wire_find_number(bytes, length, 1) == 0); /* complete */
  CHECK(wire_find_number(bytes, length, 3) == 3); /* left */
  bytes = wire_find_bytes(bytes, length, 7, &size);
  CHECK(bytes != NULL && size > 0);
  doorstep_result_free(result);
  CHECK(strcmp(h.last_authorization, "Bearer secret") == 0);
  CHECK(strncmp(h.last_method, "/doorstep.v1.SyncService/", 25) == 0);

  EXPECT(doorstep_sync_start(core), DOORSTEP_OK, "");
  EXPECT(doorstep_notify(core, 5), DOORSTEP_OK, "");
  EXPECT(doorstep_notify(core, 77), DOORSTEP_INVALID_ARGUMENT, "notice");
  EXPECT(doorstep_sync_stop(core), DOORSTEP_OK, "");
  result = doorstep_events_poll(core, 100, 1000);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(wire_count(bytes, length, 1) > 0);
  doorstep_result_free(result);
  EXPECT(doorstep_events_poll(core, 100, 0), DOORSTEP_OK, "");
  CHECK(h.log_lines > 0);
  doorstep_close(core);

  /* What was recorded stays, and a call that is never answered does not keep the core from closing. */
  h.silent = 1;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  h.core = core;
  CHECK(status_number(core, 4) == 3);
  h.calls = 0;
  EXPECT(doorstep_sync_start(core), DOORSTEP_OK, "");
  CHECK(h.calls > 0);
  doorstep_close(core);
  CHECK(h.cancelled >= h.calls);
}

/* ---- between two visits ---- */

typedef struct watcher {
  doorstep_core* core;
  pthread_mutex_t mutex;
  pthread_cond_t told;
  unsigned calls;
  uint32_t kinds;
} watcher;

static void on_news(void* context, uint32_t kinds) {
  watcher* w = context;
  doorstep_result* polled = doorstep_events_poll(w->core, 1000, 0); /* It may call the core ... */
  CHECK(doorstep_result_code(polled) == DOORSTEP_OK);
  doorstep_result_free(polled);
  doorstep_close(w->core); /* ... but not close it. */
  pthread_mutex_lock(&w->mutex);
  ++w->calls;
  w->kinds |= kinds;
  pthread_cond_signal(&w->told);
  pthread_mutex_unlock(&w->mutex);
}

static void wait_for_news(watcher* w, unsigned calls) {
  pthread_mutex_lock(&w->mutex);
  while (w->calls < calls) pthread_cond_wait(&w->told, &w->mutex);
  pthread_mutex_unlock(&w->mutex);
}

/* The number of this field in an OK result, which is freed. */
static uint64_t number_in(int line, doorstep_result* result, unsigned field) {
  size_t length = 0;
  const uint8_t* bytes = doorstep_result_bytes(result, &length);
  const uint64_t number = wire_find_number(bytes, length, field);
  expect(line, result, DOORSTEP_OK, "");
  return number;
}
#define NUMBER_IN(result, field) number_in(__LINE__, result, field)

static void test_between_visits(const char* directory) {
  host h = {0};
  doorstep_core* core = NULL;
  doorstep_transport transport = transport_of(&h);
  doorstep_options options = options_of(&h, directory, &transport);
  doorstep_result* result;
  const uint8_t* bytes;
  size_t length = 0;
  size_t size = 0;
  wire request = {{0}, 0};
  watcher w = {NULL, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
  const uint32_t technicians = UINT32_C(1) << 12; /* KIND_TECHNICIANS_CHANGED */
  char push_token[4098];

  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  if (core == NULL) return;
  h.core = core;
  w.core = core;
  EXPECT(doorstep_sign_in(core, "ana"), DOORSTEP_FAILED_PRECONDITION, "enrol");
  EXPECT(doorstep_prepare_offline(core, NULL, 0), DOORSTEP_FAILED_PRECONDITION, "enrol");

  /* By what the phone is woken, before it is enrolled. */
  memset(push_token, 'x', sizeof(push_token));
  push_token[4097] = 0;
  EXPECT(doorstep_set_push_token(core, push_token), DOORSTEP_INVALID_ARGUMENT, "4096");
  EXPECT(doorstep_set_push_token(core, "\xff"), DOORSTEP_INVALID_ARGUMENT, "UTF-8");
  CHECK(status_number(core, 34) == 0); /* push_token_set */
  push_token[4096] = 0;
  EXPECT(doorstep_set_push_token(core, push_token), DOORSTEP_OK, "");
  CHECK(status_number(core, 34) == 1);
  EXPECT(doorstep_set_push_token(core, NULL), DOORSTEP_OK, "");
  CHECK(status_number(core, 34) == 0);
  EXPECT(doorstep_set_push_token(core, "fcm-1"), DOORSTEP_OK, "");
  CHECK(status_number(core, 34) == 1);
  CHECK(status_number(core, 35) == 0); /* push_token_told */

  wire_text(&request, 1, "invitation");
  EXPECT(doorstep_enrol(core, request.bytes, request.length), DOORSTEP_OK, "");
  pthread_join(h.answering, NULL);

  /* An observer, told once however much happens, until somebody polls: which it does itself. */
  EXPECT(doorstep_observe(core, on_news, &w, 0), DOORSTEP_INVALID_ARGUMENT, "kinds");
  EXPECT(doorstep_observe(core, on_news, &w, technicians), DOORSTEP_OK, "");
  EXPECT(doorstep_sign_in(core, "ana"), DOORSTEP_OK, "");
  wait_for_news(&w, 1);
  EXPECT(doorstep_sign_in(core, "ana"), DOORSTEP_OK, "");
  wait_for_news(&w, 2);
  EXPECT(doorstep_observe(core, NULL, NULL, 0), DOORSTEP_OK, "");
  CHECK(w.kinds == technicians);
  CHECK(status_number(core, 2) == 1); /* Closing in the callback did nothing. */

  /* Who may sign in, who has, and what remains of who signs out. */
  EXPECT(doorstep_sign_in(core, NULL), DOORSTEP_INVALID_ARGUMENT, "technician_id");
  EXPECT(doorstep_sign_in(core, "wei"), DOORSTEP_PERMISSION_DENIED, "wei");
  EXPECT(doorstep_sign_out(core, "wei"), DOORSTEP_NOT_FOUND, "wei");
  request = append_request("visit-1", "hello", NULL);
  EXPECT(doorstep_append(core, request.bytes, request.length), DOORSTEP_OK, "");
  CHECK(NUMBER_IN(doorstep_sign_out(core, "ana"), 1) == 1); /* entries_saved_here */
  CHECK(NUMBER_IN(doorstep_sign_out(core, "ana"), 1) == 1);
  EXPECT(doorstep_append(core, request.bytes, request.length), DOORSTEP_FAILED_PRECONDITION, "nobody is signed in");
  EXPECT(doorstep_sign_in(core, "ana"), DOORSTEP_OK, "");
  EXPECT(doorstep_append(core, request.bytes, request.length), DOORSTEP_OK, "");
  CHECK(status_number(core, 5) == 2); /* saved here */

  /* Ready for a day? Answered with no network. */
  result = doorstep_prepare_offline(core, NULL, 0);
  CHECK(doorstep_result_code(result) == DOORSTEP_OK);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(wire_find_number(bytes, length, 2) == 0); /* ready */
  CHECK(wire_count(bytes, length, 4) > 0);        /* missing */
  bytes = wire_find_bytes(bytes, length, 1, &size);
  CHECK(bytes != NULL && size == strlen("2026-11-23"));
  doorstep_result_free(result);
  request.length = 0;
  wire_text(&request, 1, "someday");
  EXPECT(doorstep_prepare_offline(core, request.bytes, request.length), DOORSTEP_INVALID_ARGUMENT, "day");

  /* Before the system suspends the app, and after. */
  h.silent = 1;
  EXPECT(doorstep_sync_start(core), DOORSTEP_OK, "");
  result = doorstep_quiesce(core, 0);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(wire_find_number(bytes, length, 2) == 2); /* recorded */
  CHECK(wire_count(bytes, length, 5) > 0);        /* given up */
  CHECK(wire_find_number(bytes, length, 6) == 0); /* There was no time for a checkpoint. */
  doorstep_result_free(result);
  h.calls = 0;
  CHECK(NUMBER_IN(doorstep_quiesce(core, 60000), 6) == 1); /* checkpointed */
  CHECK(h.calls == 0);
  CHECK(status_number(core, 4) == 2);
  doorstep_close(core);
}

/* Whether the bytes hold one that text in UTF-8 never holds. */
static int holds_no_text(const uint8_t* bytes, size_t length) { return memchr(bytes, 0xFF, length) != NULL; }

/* What a host or a server says is no text or no time: it is recorded, sent and shown all the same. */
static void test_careless_host(const char* directory) {
  host h = {0};
  doorstep_core* core = NULL;
  doorstep_transport transport = transport_of(&h);
  doorstep_options options = options_of(&h, directory, &transport);
  const int64_t times[] = {INT64_MIN, -1, 0, INT64_MAX};
  doorstep_result* result;
  const uint8_t* bytes;
  size_t length = 0;
  size_t size = 0;
  wire request = {{0}, 0};
  wire explain = {{0}, 0};
  wire position = position_of(1);

  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  if (core == NULL) return;
  h.core = core;
  wire_text(&request, 1, "invitation");
  EXPECT(doorstep_enrol(core, request.bytes, request.length), DOORSTEP_OK, "");
  pthread_join(h.answering, NULL);

  /* A boot id that is no text: the entry can be read, here and so at the office. */
  h.boot_id = "boot \xFF\xFE";
  request = append_request("visit-1", "hello", NULL);
  EXPECT(doorstep_append(core, request.bytes, request.length), DOORSTEP_OK, "");
  wire_message(&explain, 1, &position);
  EXPECT(doorstep_explain(core, explain.bytes, explain.length), DOORSTEP_OK, "");

  /* An error that is no text, in two lines: the log has one, and a status is a message that can be read. */
  h.why = "a proxy\nsays \xFF\xFE";
  request.length = 0;
  wire_number(&request, 1, 100); /* ms */
  EXPECT(doorstep_sync_once(core, request.bytes, request.length), DOORSTEP_OK, "");
  request = append_request("visit-1", "hello", NULL);
  result = doorstep_status(core);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(doorstep_result_code(result) == DOORSTEP_OK);
  CHECK(wire_find_bytes(bytes, length, 14, &size) != NULL); /* last_error */
  CHECK(!holds_no_text(bytes, length));
  doorstep_result_free(result);

  /* Clocks that say anything. */
  for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); ++i) {
    h.clocks_say = &times[i];
    EXPECT(doorstep_append(core, request.bytes, request.length), DOORSTEP_OK, "");
    EXPECT(doorstep_status(core), DOORSTEP_OK, "");
  }
  h.clocks_say = NULL;
  CHECK(status_number(core, 4) == 5);
  doorstep_close(core);
}

static void test_attachments(const char* directory) {
  host h = {0};
  doorstep_core* core = NULL;
  doorstep_transport transport = transport_of(&h);
  doorstep_options options = options_of(&h, directory, &transport);
  doorstep_result* result;
  const uint8_t* bytes;
  const uint8_t* found;
  size_t length = 0;
  size_t size = 0;
  uint8_t hash[32] = {0};
  wire request = {{0}, 0};
  wire add = {{0}, 0};
  wire named = {{0}, 0};
  wire entry = {{0}, 0};
  wire append = {{0}, 0};

  EXPECT(doorstep_attachment_add(NULL, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_attachments_list(NULL, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_attachment_read(NULL, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "core");
  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  if (core == NULL) return;
  h.core = core;
  wire_text(&request, 1, "invitation");
  EXPECT(doorstep_enrol(core, request.bytes, request.length), DOORSTEP_OK, "");
  pthread_join(h.answering, NULL);

  EXPECT(doorstep_attachment_add(core, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "content or a path");
  request.length = 0;
  wire_text(&request, 2, "/no/such/photo.jpg");
  EXPECT(doorstep_attachment_add(core, request.bytes, request.length), DOORSTEP_NOT_FOUND, "/no/such/photo.jpg");

  /* The bytes first, then the entry that names what they are called. */
  wire_text(&add, 1, "the bytes of a photo");
  result = doorstep_attachment_add(core, add.bytes, add.length);
  CHECK(doorstep_result_code(result) == DOORSTEP_OK);
  bytes = doorstep_result_bytes(result, &length);
  found = wire_find_bytes(bytes, length, 1, &size);
  CHECK(found != NULL && size == sizeof(hash));
  if (found != NULL && size == sizeof(hash)) memcpy(hash, found, size);
  CHECK(wire_find_number(bytes, length, 3) == 0); /* repeated */
  doorstep_result_free(result);
  CHECK(NUMBER_IN(doorstep_attachment_add(core, add.bytes, add.length), 3) == 1);
  wire_bytes(&named, 1, hash, sizeof(hash));
  wire_number(&named, 3, strlen("the bytes of a photo"));
  wire_text(&entry, 2, "visit-1");
  wire_message(&entry, 29, &named);
  wire_message(&append, 2, &entry);
  EXPECT(doorstep_append(core, append.bytes, append.length), DOORSTEP_OK, "");
  CHECK(status_number(core, 20) == 1); /* attachments_queued */

  result = doorstep_attachments_list(core, NULL, 0);
  bytes = doorstep_result_bytes(result, &length);
  CHECK(wire_count(bytes, length, 1) == 1);
  bytes = wire_find_bytes(bytes, length, 1, &size);
  CHECK(bytes != NULL && wire_find_number(bytes, size, 5) == 2); /* SAVED_HERE */
  doorstep_result_free(result);

  request.length = 0;
  wire_bytes(&request, 1, hash, sizeof(hash));
  result = doorstep_attachment_read(core, request.bytes, request.length);
  bytes = doorstep_result_bytes(result, &length);
  found = wire_find_bytes(bytes, length, 1, &size);
  CHECK(found != NULL && size == 20 && memcmp(found, "the bytes of a photo", size) == 0);
  doorstep_result_free(result);
  wire_number(&request, 2, 21);
  EXPECT(doorstep_attachment_read(core, request.bytes, request.length), DOORSTEP_OUT_OF_RANGE, "");
  hash[0] ^= 1;
  request.length = 0;
  wire_bytes(&request, 1, hash, sizeof(hash));
  EXPECT(doorstep_attachment_read(core, request.bytes, request.length), DOORSTEP_NOT_FOUND, "");
  doorstep_close(core);
}

/* Says that it has filled in a key, and has not. */
static int careless_key(void* context, uint8_t key[32]) {
  (void)context;
  (void)key;
  return 0;
}

static void test_key(const char* directory) {
  host h = {0};
  doorstep_core* core = NULL;
  doorstep_options options = options_of(&h, directory, NULL);
  options.key = host_key;
  options.key_context = &h;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_FAILED_PRECONDITION, "key");
  options.key = careless_key;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_FAILED_PRECONDITION, "32 zero bytes");
  options.key = host_key;
  h.key_byte = 7;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  EXPECT(doorstep_sync_start(core), DOORSTEP_FAILED_PRECONDITION, "options.transport");
  doorstep_close(core);
  core = NULL;
  h.key_byte = 8;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_FAILED_PRECONDITION, "");
  options.key = NULL;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_FAILED_PRECONDITION, "");
  CHECK(core == NULL);
  options.key = host_key;
  h.key_byte = 7;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  doorstep_close(core);
}

static void test_metrics(const char* directory) {
  host h = {0};
  measures m = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  doorstep_core* core = NULL;
  doorstep_core* second = NULL;
  doorstep_transport transport = transport_of(&h);
  doorstep_options options = options_of(&h, directory, &transport);
  wire request = {{0}, 0};
  options.metric = host_metric;
  options.metric_context = &m;
  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  if (core == NULL) return;
  h.core = core;
  EXPECT(doorstep_open(&options, &second), DOORSTEP_FAILED_PRECONDITION, "");
  wire_text(&request, 1, "invitation");
  EXPECT(doorstep_enrol(core, request.bytes, request.length), DOORSTEP_OK, "");
  if (h.answer_from_thread) pthread_join(h.answering, NULL);
  request = append_request("visit-1", "text", NULL);
  EXPECT(doorstep_append(core, request.bytes, request.length), DOORSTEP_OK, "");
  EXPECT(doorstep_append(core, NULL, 0), DOORSTEP_INVALID_ARGUMENT, "entry.fact");
  request.length = 0;
  wire_number(&request, 1, 50);
  EXPECT(doorstep_sync_once(core, request.bytes, request.length), DOORSTEP_OK, "");
  doorstep_close(core);
  CHECK(m.opened == 1 && m.refused_opens == 1);
  CHECK(m.tapped == 1 && m.refused_taps == 1);
  CHECK(m.called > 0 && m.bytes_up > 0);

  /* An app that was built before there were any. */
  options.size = offsetof(doorstep_options, metric);
  EXPECT(doorstep_open(&options, &core), DOORSTEP_OK, "");
  doorstep_close(core);
  CHECK(m.opened == 1);
}

int main(void) {
  test_library();
  in_new_directory(test_wrong_arguments);
  in_new_directory(test_wrong_signers);
  in_new_directory(test_later_header);
  in_new_directory(test_recording);
  in_new_directory(test_between_visits);
  in_new_directory(test_careless_host);
  in_new_directory(test_attachments);
  in_new_directory(test_key);
  in_new_directory(test_metrics);
  if (failures == 0) puts("The C ABI keeps its promises.");
  return failures == 0 ? 0 : 1;
}
