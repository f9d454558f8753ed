// The phone core for Node: the C header through koffi, messages as plain objects through protobufjs. React Native takes
// the same way in, with its own bridge in place of koffi: bytes in, bytes out.
//
// Every call of the core is made on a thread of libuv's pool, never on Node's own: a callback of the core (clock, key,
// log, transport) waits for Node's thread, which must therefore not wait for the core.
'use strict';

const { EventEmitter } = require('node:events');
const path = require('node:path');
const koffi = require('koffi');
const protobuf = require('protobufjs');

const CODES = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS',
  'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED',
  'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED',
];
const ALGORITHMS = { ED25519: 1, P256: 2 };
const SIGNATURE_MAX = 72;
const LEVELS = ['debug', 'info', 'warning', 'error'];
const EVERY_KIND = 0xffffffff;
const POLL_MAX = 256;

// The core could not do what it was asked: `code` says what to do, the message names field and bound.
class DoorstepError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'DoorstepError';
    this.code = code;
  }
}

// ---- the C header ----

koffi.opaque('doorstep_core');
koffi.opaque('doorstep_result');
const Reading = koffi.struct('doorstep_clock_reading', {
  size: 'size_t',
  wall_time_us: 'int64_t',
  monotonic_us: 'int64_t',
  utc_offset_s: 'int32_t',
  boot_id: koffi.array('char', 37),
});
const Call = koffi.struct('doorstep_call', {
  size: 'size_t',
  id: 'uint64_t',
  method: 'const char *',
  authorization: 'const char *',
  request: 'const void *',
  request_length: 'size_t',
  deadline_ms: 'uint32_t',
});
const Metric = koffi.struct('doorstep_metric', {
  size: 'size_t',
  what: 'const char *',
  method: 'const char *',
  code: 'int',
  duration_us: 'int64_t',
  bytes_up: 'uint64_t',
  bytes_down: 'uint64_t',
});
const NowCallback = koffi.proto('void doorstep_now(void *context, doorstep_clock_reading *reading)');
const KeyCallback = koffi.proto('int doorstep_key(void *context, void *key)');
const SignCallback = koffi.proto(
  'int doorstep_sign(void *context, const void *message, size_t length, void *signature, void *signature_length)');
const LogCallback = koffi.proto('void doorstep_log(void *context, int level, const char *line)');
const MetricCallback = koffi.proto('void doorstep_metric_told(void *context, const doorstep_metric *metric)');
const StartCallback = koffi.proto('void doorstep_start(void *context, const doorstep_call *call)');
const CancelCallback = koffi.proto('void doorstep_cancel(void *context, uint64_t call_id)');
const Observer = koffi.proto('void doorstep_observer(void *context, uint32_t kinds)');
const Clock = koffi.struct('doorstep_clock', { size: 'size_t', context: 'void *', now: koffi.pointer(NowCallback) });
const Transport = koffi.struct('doorstep_transport', {
  size: 'size_t',
  context: 'void *',
  start: koffi.pointer(StartCallback),
  cancel: koffi.pointer(CancelCallback),
});
const Signer = koffi.struct('doorstep_signer', {
  size: 'size_t',
  context: 'void *',
  algorithm: 'int',
  public_key: 'const uint8_t *',
  public_key_length: 'size_t',
  sign: koffi.pointer(SignCallback),
});
const Options = koffi.struct('doorstep_options', {
  size: 'size_t',
  directory: 'const char *',
  clock: Clock,
  key: koffi.pointer(KeyCallback),
  key_context: 'void *',
  log: koffi.pointer(LogCallback),
  log_context: 'void *',
  log_level: 'int',
  server_address: 'const char *',
  insecure_loopback: 'int',
  transport: koffi.pointer(Transport),
  metric: koffi.pointer(MetricCallback),
  metric_context: 'void *',
  signer: koffi.pointer(Signer),
});

// Functions that take a message, an id, or nothing, and the messages they take and answer.
const MESSAGES = {
  enrol: ['doorstep_enrol', 'EnrolmentRequest', null],
  append: ['doorstep_append', 'AppendRequest', 'AppendResponse'],
  entryStatus: ['doorstep_entry_status', 'JournalPosition', 'EntryStatus'],
  queue: ['doorstep_queue_list', 'QueueListRequest', 'QueueListResponse'],
  addAttachment: ['doorstep_attachment_add', 'AttachmentAddRequest', 'AttachmentAddResponse'],
  attachments: ['doorstep_attachments_list', 'AttachmentsListRequest', 'AttachmentsListResponse'],
  readAttachment: ['doorstep_attachment_read', 'AttachmentReadRequest', 'AttachmentReadResponse'],
  visits: ['doorstep_visits_list', 'VisitsListRequest', 'VisitsListResponse'],
  syncOnce: ['doorstep_sync_once', 'SyncBudget', 'SyncReport'],
  prepareOffline: ['doorstep_prepare_offline', 'ReadinessRequest', 'Readiness'],
  explain: ['doorstep_explain', 'ExplainRequest', 'Explanation'],
};
const IDS = {
  signIn: ['doorstep_sign_in', 'SignInResult'],
  signOut: ['doorstep_sign_out', 'SignOutResult'],
  visit: ['doorstep_visit_get', 'LocalVisit'],
  brief: ['doorstep_brief_get', 'AccountBrief'],
  setPushToken: ['doorstep_set_push_token', null], // null: none.
};
const PLAIN = {
  startSync: ['doorstep_sync_start', null],
  stopSync: ['doorstep_sync_stop', null],
  status: ['doorstep_status', 'PhoneStatus'],
  exportBundle: ['doorstep_export_bundle', 'Bundle'],
};
// They wait for the network; all others are done in the order in which they were called.
const WAITING = new Set(['enrol', 'syncOnce', 'prepareOffline']);

const libraries = new Map();

function load(file) {
  if (libraries.has(file)) return libraries.get(file);
  const lib = koffi.load(file);
  const functions = {
    open: lib.func('doorstep_result *doorstep_open(const doorstep_options *options, _Out_ doorstep_core **core)'),
    close: lib.func('void doorstep_close(doorstep_core *core)'),
    code: lib.func('int doorstep_result_code(const doorstep_result *result)'),
    message: lib.func('const char *doorstep_result_message(const doorstep_result *result)'),
    bytes: lib.func('const void *doorstep_result_bytes(const doorstep_result *result, _Out_ size_t *length)'),
    free: lib.func('void doorstep_result_free(doorstep_result *result)'),
    version: lib.func('const char *doorstep_version()'),
    quiesce: lib.func('doorstep_result *doorstep_quiesce(doorstep_core *core, uint32_t deadline_ms)'),
    notify: lib.func('doorstep_result *doorstep_notify(doorstep_core *core, int notice)'),
    poll: lib.func('doorstep_result *doorstep_events_poll(doorstep_core *core, uint32_t max, uint32_t timeout_ms)'),
    observe: lib.func(
      'doorstep_result *doorstep_observe(doorstep_core *core, doorstep_observer *observer, void *context, uint32_t kinds)'),
    complete: lib.func(
      'void doorstep_transport_complete(doorstep_core *core, uint64_t call, int status, const uint8_t *bytes, size_t length)'),
  };
  for (const [name] of Object.values(MESSAGES)) {
    functions[name] = lib.func(`doorstep_result *${name}(doorstep_core *core, const uint8_t *bytes, size_t length)`);
  }
  for (const [name] of Object.values(IDS)) {
    functions[name] = lib.func(`doorstep_result *${name}(doorstep_core *core, const char *id)`);
  }
  for (const [name] of Object.values(PLAIN)) {
    functions[name] = lib.func(`doorstep_result *${name}(doorstep_core *core)`);
  }
  libraries.set(file, functions);
  return functions;
}

function onThread(call, ...words) {
  return new Promise((resolve, reject) => {
    call.async(...words, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

function copyOf(pointer, length) {
  return length === 0 ? Buffer.alloc(0) : Buffer.from(koffi.decode(pointer, koffi.array('uint8_t', length, 'Typed')));
}

// The answer's bytes; gives the result back.
function take(lib, result) {
  try {
    const code = lib.code(result);
    if (code !== 0) throw new DoorstepError(CODES[code] ?? 'UNKNOWN', lib.message(result));
    const length = [0];
    const bytes = lib.bytes(result, length);
    return copyOf(bytes, Number(length[0]));
  } finally {
    lib.free(result);
  }
}

// ---- messages ----

function loadMessages(folder) {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) => (path.isAbsolute(target) ? target : path.join(folder, target));
  root.loadSync('doorstep/v1/client.proto');
  return (name) => root.lookup(`doorstep.v1.${name}`);
}

// Numbers of 64 bits become numbers: instants in microseconds are below 2^53 for another two centuries.
const PLAIN_OBJECTS = { longs: Number, enums: String, defaults: true, oneofs: true };

// ---- a core ----

class DoorstepCore extends EventEmitter {
  #lib;
  #core = null;
  #type;
  #callbacks = [];
  #inOrder = Promise.resolve();
  #inside = new Set();
  #closing = null;

  // See doorstep.d.ts.
  static async open(options) {
    const core = new DoorstepCore();
    await core.#open(options);
    return core;
  }

  async #open(options) {
    this.#lib = load(options.library);
    this.#type = loadMessages(options.protos);
    const raw = {
      size: koffi.sizeof(Options),
      directory: options.directory,
      clock: { size: koffi.sizeof(Clock), context: null, now: null },
      key: null,
      key_context: null,
      log: null,
      log_context: null,
      log_level: Math.max(LEVELS.indexOf(options.logLevel ?? 'info'), 0),
      server_address: options.builtInTransport ?? null,
      insecure_loopback: options.builtInTransport ? 1 : 0,
      transport: null,
      metric: null,
      metric_context: null,
      signer: null,
    };
    // What a callback of the host throws must not cross the header: it is logged, and the core is given the last word.
    const host = (what, callback, instead) => (...words) => {
      try {
        return callback(...words);
      } catch (thrown) {
        this.#log(options, `the host: ${what} threw ${thrown}`);
        return instead?.(...words, thrown);
      }
    };
    const { clock, key, log, metrics, signer, transport } = options;
    if (clock) raw.clock.now = this.#register(NowCallback, host('the clock', (_, reading) => this.#now(clock, reading)));
    if (key) raw.key = this.#register(KeyCallback, host('the key', (_, room) => this.#key(key, room), () => 1));
    if (signer) {
      raw.signer = {
        size: koffi.sizeof(Signer),
        context: null,
        algorithm: ALGORITHMS[signer.algorithm] ?? 0,
        public_key: signer.publicKey,
        public_key_length: signer.publicKey.length,
        sign: this.#register(SignCallback, host('the signer', (_, ...words) => this.#sign(signer, ...words), () => 1)),
      };
    }
    if (log) raw.log = this.#register(LogCallback, (_, level, line) => this.#log(options, line, level));
    if (metrics) {
      raw.metric = this.#register(MetricCallback, host('the metrics', (_, metric) => this.#measured(metrics, metric)));
    }
    if (transport) {
      const fail = (_, call, thrown) => this.#end(koffi.decode(call, Call).id, 'INTERNAL', `the host's transport: ${thrown}`);
      raw.transport = {
        size: koffi.sizeof(Transport),
        context: null,
        start: this.#register(StartCallback, host('the transport', (_, call) => this.#start(transport, call), fail)),
        cancel: this.#register(CancelCallback, host('the transport', (_, id) => transport.cancel?.(String(id)))),
      };
    }
    const made = [null];
    try {
      take(this.#lib, await onThread(this.#lib.open, raw, made));
    } catch (error) {
      this.#unregister();
      throw error;
    }
    this.#core = made[0];
    const changed = this.#register(Observer, () => void this.#fetchEvents());
    await this.#ask(this.#lib.observe, changed, null, EVERY_KIND);
  }

  #register(type, callback) {
    const registered = koffi.register(callback, koffi.pointer(type));
    this.#callbacks.push(registered);
    return registered;
  }

  #unregister() {
    for (const callback of this.#callbacks) koffi.unregister(callback);
    this.#callbacks = [];
  }

  #log({ log }, line, level = LEVELS.indexOf('error')) {
    try {
      log?.(LEVELS[level], line);
    } catch {
      // Nobody is left to be told.
    }
  }

  #now(clock, reading) {
    const now = clock();
    koffi.encode(reading, Reading, {
      size: koffi.sizeof(Reading),
      wall_time_us: now.wallTimeUs,
      monotonic_us: now.monotonicUs,
      utc_offset_s: now.utcOffsetS,
      boot_id: now.bootId,
    });
  }

  #key(key, room) {
    const bytes = key();
    if (bytes?.length !== 32) return 1;
    koffi.encode(room, koffi.array('uint8_t', 32), Array.from(bytes));
    return 0;
  }

  #sign(signer, message, length, room, roomLength) {
    const signature = signer.sign(copyOf(message, Number(length)));
    if (!signature?.length || signature.length > SIGNATURE_MAX) return 1;
    koffi.encode(room, koffi.array('uint8_t', signature.length), Array.from(signature));
    koffi.encode(roomLength, 'size_t', signature.length);
    return 0;
  }

  #measured(metrics, pointer) {
    const { what, method, code, duration_us, bytes_up, bytes_down } = koffi.decode(pointer, Metric);
    metrics({
      what,
      method,
      code: CODES[code] ?? 'UNKNOWN',
      durationUs: Number(duration_us),
      bytesUp: Number(bytes_up),
      bytesDown: Number(bytes_down),
    });
  }

  #start(transport, pointer) {
    const call = koffi.decode(pointer, Call);
    transport.start({
      id: String(call.id),
      method: call.method,
      authorization: call.authorization,
      request: copyOf(call.request, Number(call.request_length)),
      deadlineMs: call.deadline_ms,
      succeed: (bytes) => this.#end(call.id, 'OK', bytes),
      fail: (code, message) => this.#end(call.id, CODES.indexOf(code) > 0 ? code : 'INTERNAL', message ?? ''),
    });
  }

  // On a thread of its own: the core may be calling back meanwhile.
  #end(id, code, answer) {
    if (this.#closing !== null) return;
    const bytes = Buffer.from(answer);
    this.#track(onThread(this.#lib.complete, this.#core, id, CODES.indexOf(code), bytes, bytes.length));
  }

  #track(promise) {
    this.#inside.add(promise);
    const done = () => this.#inside.delete(promise);
    promise.then(done, done);
    return promise;
  }

  async #ask(call, ...words) {
    if (this.#closing !== null) throw new DoorstepError('CANCELLED', 'the core is closed');
    return take(this.#lib, await this.#track(onThread(call, this.#core, ...words)));
  }

  // After whatever was asked before it.
  #askInOrder(call, ...words) {
    const asked = this.#inOrder.then(() => this.#ask(call, ...words));
    this.#inOrder = asked.catch(() => {});
    return asked;
  }

  #read(name, bytes) {
    if (name === null) return undefined;
    const type = this.#type(name);
    return type.toObject(type.decode(bytes), PLAIN_OBJECTS);
  }

  async callWithMessage(method, request) {
    const [name, asked, answered] = MESSAGES[method];
    const type = this.#type(asked);
    const bytes = Buffer.from(type.encode(type.fromObject(request ?? {})).finish());
    const answer = WAITING.has(method)
      ? await this.#ask(this.#lib[name], bytes, bytes.length)
      : await this.#askInOrder(this.#lib[name], bytes, bytes.length);
    return this.#read(answered, answer);
  }

  async callWithId(method, id) {
    const [name, answered] = IDS[method];
    return this.#read(answered, await this.#askInOrder(this.#lib[name], id));
  }

  async callPlain(method) {
    const [name, answered] = PLAIN[method];
    return this.#read(answered, await this.#askInOrder(this.#lib[name]));
  }

  async quiesce(deadlineMs = 0) {
    return this.#read('QuiesceResult', await this.#ask(this.#lib.quiesce, deadlineMs));
  }

  // "FOREGROUND", "NETWORK_LOST"...: a PhoneNotice without its prefix.
  async tell(notice) {
    const number = this.#type('PhoneNotice').values[`PHONE_NOTICE_${notice}`];
    if (number === undefined) throw new DoorstepError('INVALID_ARGUMENT', `there is no notice '${notice}'`);
    await this.#askInOrder(this.#lib.notify, number);
  }

  get version() {
    return this.#lib.version();
  }

  async #fetchEvents() {
    try {
      let polled;
      do {
        polled = this.#read('EventsPollResponse', await this.#ask(this.#lib.poll, POLL_MAX, 0));
        if (polled.overflowed) this.emit('overflow');
        for (const event of polled.events) this.emit('event', event);
      } while (polled.events.length === POLL_MAX);
    } catch (error) {
      if (!(error instanceof DoorstepError)) throw error; // Closed meanwhile.
    }
  }

  // Gives up what waits for the network and closes the files. Repeating it does nothing.
  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    // Whoever waits for the network returns. It is closed all the same when this fails.
    this.#lib.free(await onThread(this.#lib.quiesce, this.#core, 0));
    await Promise.allSettled([...this.#inside]);
    await onThread(this.#lib.close, this.#core);
    this.#unregister();
  }
}

for (const method of Object.keys(MESSAGES)) {
  DoorstepCore.prototype[method] = function (request) {
    return this.callWithMessage(method, request);
  };
}
for (const method of Object.keys(IDS)) {
  DoorstepCore.prototype[method] = function (id) {
    return this.callWithId(method, id);
  };
}
for (const method of Object.keys(PLAIN)) {
  DoorstepCore.prototype[method] = function () {
    return this.callPlain(method);
  };
}

// Method of DoorstepCore -> function of the header, message that it takes (null: an id, or nothing), message it answers.
const FUNCTIONS = { ...MESSAGES };
for (const [method, [name, answered]] of Object.entries({ ...IDS, ...PLAIN })) FUNCTIONS[method] = [name, null, answered];

module.exports = { DoorstepCore, DoorstepError, CODES, FUNCTIONS, loadMessages };
