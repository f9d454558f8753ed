// A technician's phone app in one file. Recording needs no network; kill it whenever you like and go on.
//
//   node sample.js FOLDER SERVER enrol CODE     makes this folder a phone
//   node sample.js FOLDER SERVER sync           sends and fetches, over the core's own gRPC
//   node sample.js FOLDER SERVER visits
//   node sample.js FOLDER SERVER arrive VISIT
//   node sample.js FOLDER SERVER note VISIT TEXT [TIMES]
//   node sample.js FOLDER SERVER fixed VISIT
//   node sample.js FOLDER SERVER status
//
// DOORSTEP_LIBRARY is the path of libdoorstep.so, DOORSTEP_PROTOS that of the folder with doorstep/v1.
'use strict';

const fs = require('node:fs');
const { DoorstepCore, DoorstepError } = require('./doorstep.js');

async function main([directory, server, command, ...words]) {
  fs.mkdirSync(directory, { recursive: true });
  const core = await DoorstepCore.open({
    library: process.env.DOORSTEP_LIBRARY,
    protos: process.env.DOORSTEP_PROTOS,
    directory,
    builtInTransport: server,
    logLevel: 'warning',
    log: (level, line) => console.error(level, line),
  });
  // Durable when it returns: whatever happens to the phone now, the entry is there.
  const record = async (entry) => {
    const { position, warnings } = await core.append({ entry: { visitId: words[0], ...entry } });
    console.log(`saved ${position.device}.${position.epoch}.${position.seq}`);
    for (const warning of warnings) console.log(`  ${warning}`);
  };
  try {
    switch (command) {
      case 'enrol':
        await core.enrol({ invitationCode: words[0], deviceName: 'sample', platform: `node ${core.version}` });
        console.log('enrolled');
        break;
      case 'sync': {
        const report = await core.syncOnce({ timeMsMax: 20000 });
        const why = report.complete ? '' : `: ${report.stoppedBecause}`;
        console.log(`sent ${report.entriesSent}, ${report.entriesLeft} left${why}`);
        break;
      }
      case 'visits':
        for (const { visit, accountName } of (await core.visits()).visits) console.log(`${visit.id}  ${accountName}`);
        break;
      case 'arrive':
        await record({ arrived: {} });
        break;
      case 'note':
        for (let i = 0; i < Number(words[2] ?? 1); ++i) await record({ note: { text: words[1] } });
        break;
      case 'fixed':
        await record({ outcomeReported: { outcome: { code: 'OUTCOME_CODE_RESOLVED' }, finished: true } });
        break;
      case 'status': {
        const status = await core.status();
        console.log(`${status.entriesRecorded} recorded, ${status.entriesSavedHere} only here, ${status.entriesCounted} counted`);
        if (status.lastEntry) {
          for (const line of (await core.explain({ entry: status.lastEntry })).lines) console.log(line);
        }
        break;
      }
      default:
        throw new DoorstepError('INVALID_ARGUMENT', `there is no '${command}': enrol, sync, visits, arrive, note, fixed, status`);
    }
  } finally {
    await core.close();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof DoorstepError ? `Error: ${error.code}: ${error.message}` : error);
  process.exitCode = 1;
});
