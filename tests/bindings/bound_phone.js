// The phones of the stories, through the Node binding. What is said on its pipes stands in bound_core.cc.
// node bound_phone.js LIBRARY PROTOS
'use strict';

const { DoorstepCore, DoorstepError, CODES, FUNCTIONS, loadMessages } = require('../../client_core/bindings/node/doorstep.js');

const [, , library, protos] = process.argv;
const messageType = loadMessages(protos);

// By the names of the header, which the stories use.
const METHODS = {};
for (const [method, [name, asked, answered]] of Object.entries(FUNCTIONS)) {
  METHODS[name.slice('doorstep_'.length)] = [method, asked, answered];
}

const phones = new Map();

function phoneOf(number) {
  if (!phones.has(number)) phones.set(number, { number, now: null, core: null, calls: new Map() });
  return phones.get(number);
}

// ---- frames ----

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  number(read, size) {
    const value = this.bytes[read](this.at);
    this.at += size;
    return value;
  }
  u32() { return this.number('readUInt32BE', 4); }
  i32() { return this.number('readInt32BE', 4); }
  i64() { return Number(this.number('readBigInt64BE', 8)); }
  id() { return String(this.number('readBigUInt64BE', 8)); }
  buffer() {
    const length = this.u32();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  text() { return this.buffer().toString('utf8'); }
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
const sized = (bytes) => Buffer.concat([u32(bytes.length), bytes]);

function send(kind, ...parts) {
  const frame = Buffer.concat([Buffer.from(kind), ...parts]);
  process.stdout.write(Buffer.concat([u32(frame.length), frame]));
}

// ---- what the stories ask ----

async function call(phone, name, argument) {
  const text = argument.toString('utf8');
  if (name === 'open') {
    const [directory, address] = text.split('\0');
    const options = { library, protos, directory, clock: () => phone.now };
    if (address === '') {
      options.transport = {
        start(started) {
          phone.calls.set(started.id, started);
          send('s', u32(phone.number), u64(started.id), sized(Buffer.from(started.method)),
            sized(Buffer.from(started.authorization)), sized(started.request), u32(started.deadlineMs));
        },
        cancel(id) {
          if (phone.calls.delete(id)) send('x', u32(phone.number), u64(id));
        },
      };
    } else {
      options.builtInTransport = address;
    }
    phone.core = await DoorstepCore.open(options);
    return Buffer.alloc(0);
  }
  if (name === 'close') {
    phones.delete(phone.number);
    await phone.core.close();
    return Buffer.alloc(0);
  }
  if (name === 'notify') {
    await phone.core.tell(messageType('PhoneNotice').valuesById[text].slice('PHONE_NOTICE_'.length));
    return Buffer.alloc(0);
  }
  if (name === 'quiesce') return encode('QuiesceResult', await phone.core.quiesce(Number(text)));
  const [method, asked, answered] = METHODS[name];
  const request = asked === null ? text : decode(asked, argument);
  return encode(answered, await phone.core[method](request));
}

// As an app writes it: a plain object with what is set.
function decode(name, bytes) {
  const type = messageType(name);
  return type.toObject(type.decode(bytes));
}

function encode(name, message) {
  if (name === null) return Buffer.alloc(0);
  const type = messageType(name);
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

async function answer(ask, phone, name, argument) {
  try {
    send('a', u32(ask), u32(0), sized(await call(phone, name, argument)));
  } catch (error) {
    const code = error instanceof DoorstepError ? CODES.indexOf(error.code) : CODES.indexOf('INTERNAL');
    const words = error instanceof DoorstepError ? error.message : String(error.stack);
    send('a', u32(ask), u32(code), sized(Buffer.from(words)));
  }
}

function receive(frame) {
  const reader = new Reader(frame.subarray(1));
  if (frame[0] === 'c'.charCodeAt(0)) {
    const ask = reader.u32();
    const phone = phoneOf(reader.u32());
    const name = reader.text();
    phone.now = {
      wallTimeUs: reader.i64(), monotonicUs: reader.i64(), utcOffsetS: reader.i32(), bootId: reader.text(),
    };
    void answer(ask, phone, name, reader.buffer());
    return;
  }
  const phone = phones.get(reader.u32());
  const id = reader.id();
  const started = phone?.calls.get(id);
  if (started === undefined) return;
  phone.calls.delete(id);
  const status = reader.u32();
  const response = reader.buffer();
  if (status === 0) started.succeed(response);
  else started.fail(CODES[status], response.toString('utf8'));
}

let waiting = Buffer.alloc(0);
process.stdin.on('data', (bytes) => {
  waiting = Buffer.concat([waiting, bytes]);
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
    const end = 4 + waiting.readUInt32BE(0);
    receive(Buffer.from(waiting.subarray(4, end)));
    waiting = waiting.subarray(end);
  }
});
process.stdin.on('end', () => process.exit(0));
