/* The C header for a JVM: bytes in, bytes out, errors as exceptions. Nothing here knows a message or decides anything;
 * what an app sees is DoorstepCore.java, and NativeCore.java is the other side of this file.
 *
 * A thread of the core that calls into Java is attached as a daemon, once, and detached when it ends. */
#include <doorstep/doorstep.h>
#include <jni.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static JavaVM* vm;
static pthread_key_t attached; /* Not NULL on threads that were attached here. */
static jclass exception_class;
static jmethodID exception_of;
static struct { jmethodID read_clock, read_key, sign, log, measured, start, cancel, changed; } host_method;

/* What a core calls back: the host's object, kept as long as the core is open. */
typedef struct bridge {
  doorstep_core* core;
  jobject host; /* Global reference to a NativeCore.Host. */
} bridge;

static bridge* bridge_of(jlong handle) { return (bridge*)(intptr_t)handle; }

static void detach(void* ignored) {
  (void)ignored;
  (*vm)->DetachCurrentThread(vm);
}

/* NULL when the JVM is going down: nobody is there to be called. */
static JNIEnv* environment(void) {
  JNIEnv* env = NULL;
  if ((*vm)->GetEnv(vm, (void**)&env, JNI_VERSION_1_6) == JNI_OK) return env;
  JavaVMAttachArgs arguments = {JNI_VERSION_1_6, (char*)"doorstep", NULL};
  if ((*vm)->AttachCurrentThreadAsDaemon(vm, (void*)&env, &arguments) != JNI_OK) return NULL;
  pthread_setspecific(attached, vm);
  return env;
}

/* Every callback keeps its references in a frame of its own: the core's threads never return to Java. */
static JNIEnv* begin_callback(void) {
  JNIEnv* env = environment();
  if (env == NULL) return NULL;
  if ((*env)->PushLocalFrame(env, 8) == 0) return env;
  (*env)->ExceptionClear(env);
  return NULL;
}

/* Whatever the host threw was caught in Java; what is left here is the JVM's own, out of memory for instance. */
static void end_callback(JNIEnv* env) {
  (*env)->ExceptionClear(env);
  (*env)->PopLocalFrame(env, NULL);
}

static jbyteArray to_java(JNIEnv* env, const void* bytes, size_t length) {
  jbyteArray array = (*env)->NewByteArray(env, (jsize)length);
  if (array != NULL && length > 0) (*env)->SetByteArrayRegion(env, array, 0, (jsize)length, bytes);
  return array;
}

static jbyteArray text_to_java(JNIEnv* env, const char* text) { return to_java(env, text, strlen(text)); }

/* A copy with a NUL behind it, to be freed; NULL with an exception pending when there is no memory. */
static uint8_t* from_java(JNIEnv* env, jbyteArray array, size_t* length) {
  *length = array == NULL ? 0 : (size_t)(*env)->GetArrayLength(env, array);
  uint8_t* bytes = malloc(*length + 1);
  if (bytes == NULL) {
    jclass error = (*env)->FindClass(env, "java/lang/OutOfMemoryError");
    if (error != NULL) (*env)->ThrowNew(env, error, "the native heap is full");
    return NULL;
  }
  if (*length > 0) (*env)->GetByteArrayRegion(env, array, 0, (jsize)*length, (jbyte*)bytes);
  bytes[*length] = 0;
  return bytes;
}

/* The answer's bytes, or NULL with a DoorstepException pending. Gives the result back. */
static jbyteArray take(JNIEnv* env, doorstep_result* result) {
  jbyteArray answer = NULL;
  const doorstep_code code = doorstep_result_code(result);
  if (code == DOORSTEP_OK) {
    size_t length = 0;
    const uint8_t* bytes = doorstep_result_bytes(result, &length);
    answer = to_java(env, bytes, length);
  } else {
    jbyteArray message = text_to_java(env, doorstep_result_message(result));
    if (message != NULL) {
      jthrowable error = (*env)->CallStaticObjectMethod(env, exception_class, exception_of, (jint)code, message);
      if (!(*env)->ExceptionCheck(env) && error != NULL) (*env)->Throw(env, error);
    }
  }
  doorstep_result_free(result);
  return answer;
}

/* ---- what the core calls ---- */

static void read_clock(void* context, doorstep_clock_reading* reading) {
  JNIEnv* env = begin_callback();
  if (env == NULL) return;
  /* Wall time, monotonic time, offset from UTC. */
  jlong numbers[3] = {0, 0, 0};
  jlongArray array = (*env)->NewLongArray(env, 3);
  if (array != NULL) {
    jbyteArray boot = (*env)->CallObjectMethod(env, ((bridge*)context)->host, host_method.read_clock, array);
    if (!(*env)->ExceptionCheck(env) && boot != NULL) {
      (*env)->GetLongArrayRegion(env, array, 0, 3, numbers);
      reading->wall_time_us = numbers[0];
      reading->monotonic_us = numbers[1];
      reading->utc_offset_s = (int32_t)numbers[2];
      jsize length = (*env)->GetArrayLength(env, boot);
      const jsize room = (jsize)sizeof(reading->boot_id) - 1;
      if (length > room) length = room;
      (*env)->GetByteArrayRegion(env, boot, 0, length, (jbyte*)reading->boot_id);
      reading->boot_id[length] = 0;
    }
  }
  end_callback(env);
}

static int read_key(void* context, uint8_t key[32]) {
  JNIEnv* env = begin_callback();
  if (env == NULL) return 1;
  jbyteArray bytes = (*env)->CallObjectMethod(env, ((bridge*)context)->host, host_method.read_key);
  const int here = !(*env)->ExceptionCheck(env) && bytes != NULL && (*env)->GetArrayLength(env, bytes) == 32;
  if (here) {
    static const jbyte nothing[32];
    (*env)->GetByteArrayRegion(env, bytes, 0, 32, (jbyte*)key);
    (*env)->SetByteArrayRegion(env, bytes, 0, 32, nothing);
  }
  end_callback(env);
  return here ? 0 : 1;
}

static int sign(void* context, const uint8_t* message, size_t length, uint8_t signature[DOORSTEP_SIGNATURE_MAX],
                size_t* signature_length) {
  JNIEnv* env = begin_callback();
  if (env == NULL) return 1;
  jbyteArray text = to_java(env, message, length);
  jbyteArray bytes =
      text == NULL ? NULL : (*env)->CallObjectMethod(env, ((bridge*)context)->host, host_method.sign, text);
  const jsize made = (*env)->ExceptionCheck(env) || bytes == NULL ? 0 : (*env)->GetArrayLength(env, bytes);
  const int fits = made > 0 && made <= DOORSTEP_SIGNATURE_MAX;
  if (fits) {
    (*env)->GetByteArrayRegion(env, bytes, 0, made, (jbyte*)signature);
    *signature_length = (size_t)made;
  }
  end_callback(env);
  return fits ? 0 : 1;
}

static void write_log(void* context, doorstep_log_level level, const char* line) {
  JNIEnv* env = begin_callback();
  if (env == NULL) return;
  jbyteArray text = text_to_java(env, line);
  if (text != NULL) (*env)->CallVoidMethod(env, ((bridge*)context)->host, host_method.log, (jint)level, text);
  end_callback(env);
}

static void measured(void* context, const doorstep_metric* metric) {
  JNIEnv* env = begin_callback();
  if (env == NULL) return;
  jbyteArray what = text_to_java(env, metric->what);
  jbyteArray method = text_to_java(env, metric->method);
  if (what != NULL && method != NULL) {
    (*env)->CallVoidMethod(env, ((bridge*)context)->host, host_method.measured, what, method, (jint)metric->code,
                           (jlong)metric->duration_us, (jlong)metric->bytes_up, (jlong)metric->bytes_down);
  }
  end_callback(env);
}

static void changed(void* context, uint32_t kinds) {
  JNIEnv* env = begin_callback();
  if (env == NULL) return;
  (*env)->CallVoidMethod(env, ((bridge*)context)->host, host_method.changed, (jint)kinds);
  end_callback(env);
}

static void start_call(void* context, const doorstep_call* call) {
  JNIEnv* env = begin_callback();
  if (env == NULL) return;
  jbyteArray method = text_to_java(env, call->method);
  jbyteArray authorization = text_to_java(env, call->authorization);
  jbyteArray request = to_java(env, call->request, call->request_length);
  if (method != NULL && authorization != NULL && request != NULL) {
    (*env)->CallVoidMethod(env, ((bridge*)context)->host, host_method.start, (jlong)call->id, method, authorization,
                           request, (jint)call->deadline_ms);
  }
  end_callback(env);
}

static void cancel_call(void* context, uint64_t call_id) {
  JNIEnv* env = begin_callback();
  if (env == NULL) return;
  (*env)->CallVoidMethod(env, ((bridge*)context)->host, host_method.cancel, (jlong)call_id);
  end_callback(env);
}

/* ---- what Java calls ---- */

typedef doorstep_result* (*bytes_function)(doorstep_core*, const uint8_t*, size_t);
typedef doorstep_result* (*text_function)(doorstep_core*, const char*);

static jbyteArray call_bytes(JNIEnv* env, jlong handle, bytes_function function, jbyteArray request) {
  size_t length = 0;
  uint8_t* bytes = from_java(env, request, &length);
  if (bytes == NULL) return NULL;
  jbyteArray answer = take(env, function(bridge_of(handle)->core, bytes, length));
  free(bytes);
  return answer;
}

static jbyteArray call_text(JNIEnv* env, jlong handle, text_function function, jbyteArray text) {
  size_t length = 0;
  uint8_t* bytes = from_java(env, text, &length);
  if (bytes == NULL) return NULL;
  jbyteArray answer = take(env, function(bridge_of(handle)->core, (const char*)bytes));
  free(bytes);
  return answer;
}

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_com_doorstep_client_NativeCore_##name
#define BYTES(name, function)                                                             \
  NATIVE(jbyteArray, name)(JNIEnv * env, jclass type, jlong handle, jbyteArray request) { \
    (void)type;                                                                           \
    return call_bytes(env, handle, function, request);                                    \
  }
#define TEXT(name, function)                                                           \
  NATIVE(jbyteArray, name)(JNIEnv * env, jclass type, jlong handle, jbyteArray text) { \
    (void)type;                                                                        \
    return call_text(env, handle, function, text);                                     \
  }
#define PLAIN(name, function)                                         \
  NATIVE(jbyteArray, name)(JNIEnv * env, jclass type, jlong handle) { \
    (void)type;                                                       \
    return take(env, function(bridge_of(handle)->core));              \
  }

BYTES(enrol, doorstep_enrol)
TEXT(setPushToken, doorstep_set_push_token)
TEXT(signIn, doorstep_sign_in)
TEXT(signOut, doorstep_sign_out)
BYTES(append, doorstep_append)
BYTES(entryStatus, doorstep_entry_status)
BYTES(queueList, doorstep_queue_list)
BYTES(attachmentAdd, doorstep_attachment_add)
BYTES(attachmentsList, doorstep_attachments_list)
BYTES(attachmentRead, doorstep_attachment_read)
BYTES(visitsList, doorstep_visits_list)
TEXT(visitGet, doorstep_visit_get)
TEXT(briefGet, doorstep_brief_get)
BYTES(syncOnce, doorstep_sync_once)
PLAIN(syncStart, doorstep_sync_start)
PLAIN(syncStop, doorstep_sync_stop)
BYTES(prepareOffline, doorstep_prepare_offline)
PLAIN(status, doorstep_status)
BYTES(explain, doorstep_explain)
PLAIN(exportBundle, doorstep_export_bundle)

NATIVE(jbyteArray, quiesce)(JNIEnv* env, jclass type, jlong handle, jint deadline_ms) {
  (void)type;
  return take(env, doorstep_quiesce(bridge_of(handle)->core, (uint32_t)deadline_ms));
}

NATIVE(jbyteArray, pollEvents)(JNIEnv* env, jclass type, jlong handle, jint max) {
  (void)type;
  return take(env, doorstep_events_poll(bridge_of(handle)->core, (uint32_t)max, 0));
}

NATIVE(jbyteArray, notice)(JNIEnv* env, jclass type, jlong handle, jint notice) {
  (void)type;
  return take(env, doorstep_notify(bridge_of(handle)->core, notice));
}

/* `kinds` 0: no observer from now on. */
NATIVE(jbyteArray, observe)(JNIEnv* env, jclass type, jlong handle, jint kinds) {
  (void)type;
  bridge* self = bridge_of(handle);
  return take(env, doorstep_observe(self->core, kinds == 0 ? NULL : changed, self, (uint32_t)kinds));
}

NATIVE(void, complete)(JNIEnv* env, jclass type, jlong handle, jlong call, jint status, jbyteArray response) {
  (void)type;
  size_t length = 0;
  uint8_t* bytes = from_java(env, response, &length);
  if (bytes == NULL) return;
  doorstep_transport_complete(bridge_of(handle)->core, (uint64_t)call, (doorstep_code)status, bytes, length);
  free(bytes);
}

NATIVE(jlong, open)
(JNIEnv* env, jclass type, jobject host, jbyteArray directory, jbyteArray address, jboolean insecure_loopback,
 jboolean has_clock, jboolean has_key, jbyteArray signing_point, jboolean has_log, jint log_level, jboolean has_metrics,
 jboolean has_transport) {
  (void)type;
  size_t length = 0;
  char* folder = (char*)from_java(env, directory, &length);
  char* server = folder == NULL ? NULL : (char*)from_java(env, address, &length);
  uint8_t* point = server == NULL ? NULL : from_java(env, signing_point, &length);
  bridge* self = point == NULL ? NULL : calloc(1, sizeof(bridge));
  if (self != NULL) self->host = (*env)->NewGlobalRef(env, host);
  if (self == NULL || self->host == NULL) {
    free(self);
    free(point);
    free(server);
    free(folder);
    return 0;
  }
  const doorstep_transport transport = {sizeof(transport), self, start_call, cancel_call};
  const doorstep_signer signer = {sizeof(signer), self, DOORSTEP_P256, point, length, sign};
  doorstep_options options;
  memset(&options, 0, sizeof(options));
  options.size = sizeof(options);
  options.directory = folder;
  options.clock.size = sizeof(options.clock);
  if (has_clock) {
    options.clock.context = self;
    options.clock.now = read_clock;
  }
  if (has_key) {
    options.key = read_key;
    options.key_context = self;
  }
  if (signing_point != NULL) options.signer = &signer;
  if (has_log) {
    options.log = write_log;
    options.log_context = self;
    options.log_level = (doorstep_log_level)log_level;
  }
  if (has_metrics) {
    options.metric = measured;
    options.metric_context = self;
  }
  if (has_transport) {
    options.transport = &transport;
  } else {
    options.server_address = server;
    options.insecure_loopback = insecure_loopback ? 1 : 0;
  }
  jbyteArray opened = take(env, doorstep_open(&options, &self->core));
  free(point);
  free(server);
  free(folder);
  if (opened != NULL) return (jlong)(intptr_t)self;
  (*env)->DeleteGlobalRef(env, self->host);
  free(self);
  return 0;
}

/* Nothing else may be inside this handle, nor come in later. */
NATIVE(void, close)(JNIEnv* env, jclass type, jlong handle) {
  (void)type;
  bridge* self = bridge_of(handle);
  doorstep_close(self->core);
  (*env)->DeleteGlobalRef(env, self->host);
  free(self);
}

NATIVE(jbyteArray, version)(JNIEnv* env, jclass type) {
  (void)type;
  return text_to_java(env, doorstep_version());
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* machine, void* reserved) {
  (void)reserved;
  JNIEnv* env = NULL;
  vm = machine;
  if ((*vm)->GetEnv(vm, (void**)&env, JNI_VERSION_1_6) != JNI_OK) return JNI_ERR;
  if (pthread_key_create(&attached, detach) != 0) return JNI_ERR;
  jclass error = (*env)->FindClass(env, "com/doorstep/client/DoorstepException");
  jclass host = (*env)->FindClass(env, "com/doorstep/client/NativeCore$Host");
  if (error == NULL || host == NULL) return JNI_ERR;
  exception_class = (*env)->NewGlobalRef(env, error);
  exception_of = (*env)->GetStaticMethodID(env, error, "of", "(I[B)Lcom/doorstep/client/DoorstepException;");
  host_method.read_clock = (*env)->GetMethodID(env, host, "readClock", "([J)[B");
  host_method.sign = (*env)->GetMethodID(env, host, "sign", "([B)[B");
  host_method.read_key = (*env)->GetMethodID(env, host, "readKey", "()[B");
  host_method.log = (*env)->GetMethodID(env, host, "log", "(I[B)V");
  host_method.measured = (*env)->GetMethodID(env, host, "measured", "([B[BIJJJ)V");
  host_method.start = (*env)->GetMethodID(env, host, "start", "(J[B[B[BI)V");
  host_method.cancel = (*env)->GetMethodID(env, host, "cancel", "(J)V");
  host_method.changed = (*env)->GetMethodID(env, host, "changed", "(I)V");
  /* A method that is missing has left its exception. */
  return exception_class == NULL || (*env)->ExceptionCheck(env) ? JNI_ERR : JNI_VERSION_1_6;
}
