// What the Node binding promises beyond the core: node binding_test.js LIBRARY PROTOS
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
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
    nobodyWaitsForACoreThatIsClosed,
  ]) {
    await promise().catch((error) => {
      console.error(`${promise.name}: ${error?.stack}`);
      process.exitCode = 1;
    });
  }
  fs.rmSync(folder, { recursive: true });
})();
