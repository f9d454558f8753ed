// What the Node binding promises beyond the core: node binding_test.js LIBRARY PROTOS
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const protobuf = require('protobufjs');
const { DoorstepCore, DoorstepError } = require('../../client_core/bindings/node/doorstep.js');

const [, , library, protos] = process.argv;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'doorstep-node-'));

let folders = 0;
function newPhone(options) {
  const directory = path.join(folder, String(++folders));
  fs.mkdirSync(directory);
  return DoorstepCore.open({ library, protos, directory, logLevel: 'error', ...options });
}
const failsWith = (code, words) => (error) => {
  assert.ok(error instanceof DoorstepError, String(error?.stack));
  assert.equal(error.code, code);
  assert.match(error.message, words);
  return true;
};
const broken = () => {
  throw new Error('out of order');
};
const invited = { invitationCode: 'none-that-there-is' };

async function aKeyThatThrowsFailsTheOpening() {
  const lines = [];
  await assert.rejects(newPhone({ key: broken, log: (_, line) => lines.push(line) }), failsWith('FAILED_PRECONDITION', /key/));
  assert.deepEqual(lines, ['the host: the key threw Error: out of order']);
}

async function aKeyOfAnotherLengthFailsTheOpening() {
  await assert.rejects(newPhone({ key: () => Buffer.alloc(31) }), failsWith('FAILED_PRECONDITION', /key/));
}

async function aTransportThatThrowsEndsTheCall() {
  const lines = [];
  const core = await newPhone({ transport: { start: broken, cancel: broken }, log: (_, line) => lines.push(line) });
  await assert.rejects(core.enrol(invited), failsWith('INTERNAL', /the host's transport: Error: out of order/));
  assert.ok(lines.includes('the host: the transport threw Error: out of order'), String(lines));
  await core.close();
}

async function aClockOrALogThatThrowsStopsNothing() {
  const transport = { start: (call) => call.fail('UNAVAILABLE', 'no network') };
  const core = await newPhone({ clock: broken, log: broken, logLevel: 'debug', transport });
  await assert.rejects(core.enrol(invited), failsWith('UNAVAILABLE', /no network/));
  assert.equal((await core.status()).entriesRecorded, 0);
  await core.close();
}

async function tapsAndOpeningsAreMeasured() {
  const told = [];
  const core = await newPhone({ metrics: (metric) => told.push(metric) });
  await assert.rejects(core.append({ entry: { note: { text: 'x' } } }), failsWith('FAILED_PRECONDITION', /enrol/));
  await core.close();
  assert.deepEqual(
    told.filter(({ what }) => what !== 'wake').map(({ what, method, code }) => [what, method, code]),
    [['open', '', 'OK'], ['append', '', 'FAILED_PRECONDITION']],
  );
  assert.ok(told[0].durationUs > 0);
}

async function aCallIsEndedOnce() {
  const transport = {
    start(call) {
      call.fail('UNAVAILABLE', 'first');
      call.succeed(Buffer.alloc(0));
      call.fail('NO_SUCH_CODE');
    },
  };
  const core = await newPhone({ transport });
  await assert.rejects(core.enrol(invited), failsWith('UNAVAILABLE', /first/));
  await core.close();
}

// The phone's half of enrolment and Hello; takes no frame.
function officeThatHears(heard) {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) => (path.isAbsolute(target) ? target : path.join(protos, target));
  root.loadSync(['doorstep/v1/enrollment_service.proto', 'doorstep/v1/sync.proto']);
  const type = (name) => root.lookupType(`doorstep.v1.${name}`);
  const enrolled = { device: 'd1', token: 'token', epoch: { epoch: 1, salt: Buffer.alloc(16, 1) }, technicians: [{ id: 'ana' }] };
  return {
    start(call) {
      const name = call.method.split('/').pop();
      if (name === 'Enroll') return call.succeed(type('EnrollResponse').encode(enrolled).finish());
      if (name === 'Hello') heard.hello = type('HelloRequest').decode(call.request);
      if (name === 'Push') heard.frame = type('Frame').decode(type('PushRequest').decode(call.request).frame);
      return call.fail('UNAVAILABLE', 'no office');
    },
  };
}

async function framesAreSignedByTheHostsKey() {
  const heard = {};
  const pair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const point = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
  const signed = [];
  const sign = (message) => {
    signed.push(message);
    if (signed.length === 1) throw new Error('locked');
    return crypto.sign('sha256', message, pair.privateKey);
  };
  const core = await newPhone({ signer: { algorithm: 'P256', publicKey: point, sign }, transport: officeThatHears(heard) });
  await core.enrol(invited);
  await core.append({ author: 'ana', entry: { note: { text: 'x' } } });
  for (let tries = 0; tries < 20 && !heard.frame; ++tries) {
    await core.tell('USER_PULLED');
    await core.syncOnce({ timeMsMax: 1000 });
  }
  assert.deepEqual(Buffer.from(heard.hello.signingKey.publicKey), point);
  assert.equal(heard.hello.signingKey.algorithm, 2);
  assert.ok(heard.frame, 'it is signed again after the key was locked');
  assert.ok(crypto.verify('sha256', signed.at(-1), pair.publicKey, heard.frame.signature));
  assert.ok(signed.at(-1).includes(Buffer.from(heard.frame.header.headHash)));
  await core.close();
}

async function aKeyThatIsNoneIsRefusedByName() {
  const signer = { algorithm: 'P256', publicKey: Buffer.alloc(33, 2), sign: () => null };
  await assert.rejects(newPhone({ signer }), failsWith('INVALID_ARGUMENT', /options\.signer\.public_key: must have 65 bytes/));
}

async function theOfficeLearnsByWhatThePhoneIsWoken() {
  const heard = {};
  const core = await newPhone({ transport: officeThatHears(heard) });
  await assert.rejects(core.setPushToken('x'.repeat(4097)), failsWith('INVALID_ARGUMENT', /at most 4096 bytes/));
  await core.setPushToken('fcm-1');
  await core.setPushToken(null);
  assert.equal((await core.status()).pushTokenSet, false);
  await core.setPushToken('fcm-ü');
  assert.equal((await core.status()).pushTokenSet, true);
  await core.enrol(invited);
  await core.syncOnce({ timeMsMax: 1000 });
  assert.equal(heard.hello.pushToken.token, 'fcm-ü');
  assert.equal((await core.status()).pushTokenTold, false, 'no answer came');
  await core.close();
}

async function nobodyWaitsForACoreThatIsClosed() {
  let started;
  const begun = new Promise((resolve) => (started = resolve));
  const core = await newPhone({ transport: { start: started } });
  const enrolled = assert.rejects(core.enrol(invited), (error) => error instanceof DoorstepError);
  const call = await begun;
  await Promise.all([core.close(), core.close(), enrolled]);
  call.fail('UNAVAILABLE', 'too late'); // Nobody is there, and nothing happens.
  await assert.rejects(core.status(), failsWith('CANCELLED', /closed/));
}

(async () => {
  for (const promise of [
    aKeyThatThrowsFailsTheOpening,
    aKeyOfAnotherLengthFailsTheOpening,
    aTransportThatThrowsEndsTheCall,
    aClockOrALogThatThrowsStopsNothing,
    tapsAndOpeningsAreMeasured,
    aCallIsEndedOnce,
    framesAreSignedByTheHostsKey,
    theOfficeLearnsByWhatThePhoneIsWoken,
    aKeyThatIsNoneIsRefusedByName,
    nobodyWaitsForACoreThatIsClosed,
  ]) {
    await promise().catch((error) => {
      console.error(`${promise.name}: ${error?.stack}`);
      process.exitCode = 1;
    });
  }
  fs.rmSync(folder, { recursive: true });
})();
