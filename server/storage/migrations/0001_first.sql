-- The first schema. `frame` and `command` are the truth; `meta` and `device_contact` are operational; every other
-- table is a projection that a rebuild makes again, byte for byte. Instants are Unix microseconds UTC, days are civil
-- days since 1970. Devices, accounts, visits, work orders and feeds are interned: `n` stands for the id inside this
-- file only.

-- ---- the truth -----------------------------------------------------------------------------------------------------

CREATE TABLE frame (
  n         INTEGER PRIMARY KEY,  -- The order of commits.
  device    INTEGER NOT NULL,
  epoch     INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq  INTEGER NOT NULL,
  skip      INTEGER NOT NULL,     -- Readers ignore so many entries: an earlier frame holds them.
  commit_us INTEGER NOT NULL,
  prev_hash BLOB NOT NULL,
  head_hash BLOB NOT NULL,
  bytes     BLOB NOT NULL         -- As received.
) STRICT;
CREATE UNIQUE INDEX frame_by_seq ON frame (device, epoch, last_seq);

CREATE TABLE command (
  commit_us  INTEGER NOT NULL,
  ordinal    INTEGER NOT NULL,
  principal  TEXT NOT NULL,
  request_id TEXT NOT NULL,
  body_hash  BLOB NOT NULL,
  bytes      BLOB NOT NULL,       -- A CommandRecord.
  PRIMARY KEY (commit_us, ordinal)
) STRICT;

-- ---- operational ---------------------------------------------------------------------------------------------------

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device_contact (
  device          INTEGER PRIMARY KEY,
  last_contact_us INTEGER NOT NULL,
  queued_entries  INTEGER NOT NULL,
  core_version    TEXT NOT NULL
) STRICT;

-- Answers by request id: kept so that a repeated call gets the first answer.
CREATE TABLE request (
  principal  TEXT NOT NULL,
  request_id TEXT NOT NULL,
  body_hash  BLOB NOT NULL,
  answer     BLOB NOT NULL,
  commit_us  INTEGER NOT NULL,
  PRIMARY KEY (principal, request_id)
) STRICT, WITHOUT ROWID;

-- ---- who takes part ------------------------------------------------------------------------------------------------

CREATE TABLE device (
  n                   INTEGER PRIMARY KEY,
  id                  TEXT NOT NULL UNIQUE,
  name                TEXT NOT NULL,
  platform            TEXT NOT NULL,
  lane                INTEGER NOT NULL,
  current_epoch       INTEGER NOT NULL,
  reported_through_us INTEGER NOT NULL,  -- The phone has told all it knew up to here.
  version             INTEGER NOT NULL
) STRICT;

CREATE TABLE device_technician (
  device     INTEGER NOT NULL,
  place      INTEGER NOT NULL,  -- 0 is signed in first.
  technician TEXT NOT NULL,
  PRIMARY KEY (device, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_technician_by_technician ON device_technician (technician);

CREATE TABLE token (
  token_hash BLOB PRIMARY KEY,
  principal  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_principal ON token (principal);

CREATE TABLE invitation (
  code_hash       BLOB PRIMARY KEY,
  technician      TEXT NOT NULL,
  expires_us      INTEGER NOT NULL,
  device          TEXT NOT NULL,    -- Empty: not used yet.
  used_request_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- journals ------------------------------------------------------------------------------------------------------

CREATE TABLE journal (
  device        INTEGER NOT NULL,
  epoch         INTEGER NOT NULL,
  salt          BLOB NOT NULL,
  mark          INTEGER NOT NULL,   -- Every entry up to here is held.
  head_hash     BLOB NOT NULL,      -- The chain's hash after it.
  last_frame_us INTEGER NOT NULL,   -- 0: none yet.
  PRIMARY KEY (device, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE fork (
  device          INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  head_hash       BLOB NOT NULL,
  last_common_seq INTEGER NOT NULL,
  new_epoch       INTEGER NOT NULL,
  new_epoch_salt  BLOB NOT NULL,
  PRIMARY KEY (device, epoch, head_hash)
) STRICT, WITHOUT ROWID;

-- Entries that were appended again in a new epoch. `copy` 1: the original is held with the same bytes, this one does
-- not count.
CREATE TABLE rehomed (
  device     INTEGER NOT NULL,
  epoch      INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  from_epoch INTEGER NOT NULL,
  from_seq   INTEGER NOT NULL,
  copy       INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX rehomed_by_origin ON rehomed (device, from_epoch, from_seq);

-- Exceptions only: an entry without a row counts.
CREATE TABLE judgement (
  device    INTEGER NOT NULL,
  epoch     INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  verdict   INTEGER NOT NULL,
  reason    INTEGER NOT NULL,
  judged_us INTEGER NOT NULL,
  visit     TEXT NOT NULL,      -- The id that the entry names; may be unknown.
  version   INTEGER NOT NULL,
  bytes     BLOB NOT NULL,      -- A Judgement.
  PRIMARY KEY (device, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX judgement_waiting_for_visit ON judgement (visit) WHERE verdict = 3;
CREATE INDEX judgement_by_time ON judgement (judged_us) WHERE verdict = 3;
CREATE INDEX judgement_copies ON judgement (device) WHERE verdict = 5;

-- ---- work ----------------------------------------------------------------------------------------------------------

CREATE TABLE work_order (
  n       INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  account INTEGER NOT NULL,
  state   INTEGER NOT NULL,
  version INTEGER NOT NULL,
  bytes   BLOB NOT NULL
) STRICT;
CREATE INDEX work_order_by_account ON work_order (account);

CREATE TABLE visit (
  n                INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  account          INTEGER NOT NULL,
  work_order       INTEGER,            -- NULL: none.
  kind             INTEGER NOT NULL,
  state            INTEGER NOT NULL,
  version          INTEGER NOT NULL,
  attention        INTEGER NOT NULL,   -- Bit i: AttentionFlag i.
  time_us          INTEGER NOT NULL,   -- Planned start, else arrival, else end; 0: none.
  day              INTEGER NOT NULL,   -- Its civil day; 0: none.
  began_us         INTEGER NOT NULL,   -- 0: nobody has begun.
  began_day        INTEGER NOT NULL,
  ended_us         INTEGER NOT NULL,
  ended_day        INTEGER NOT NULL,
  outcome          INTEGER NOT NULL,
  asset            TEXT NOT NULL,      -- The asset worked on.
  fault            TEXT NOT NULL,      -- The fault family.
  chain            TEXT,               -- The repair chain; NULL: nobody has begun.
  pending_until_us INTEGER,            -- The end of a promised window of which nothing is known; NULL: not waiting.
  bytes            BLOB NOT NULL,      -- A Visit.
  fold             BLOB NOT NULL       -- A FoldInput.
) STRICT;
CREATE INDEX visit_by_account ON visit (account, ended_us);
CREATE INDEX visit_by_work_order ON visit (work_order) WHERE work_order IS NOT NULL;
CREATE INDEX visit_by_chain ON visit (account, chain) WHERE chain IS NOT NULL;
CREATE INDEX visit_pending ON visit (pending_until_us) WHERE pending_until_us IS NOT NULL;
CREATE INDEX visit_attention ON visit (n) WHERE attention <> 0;

CREATE TABLE visit_frame (
  visit INTEGER NOT NULL,
  frame INTEGER NOT NULL,
  PRIMARY KEY (visit, frame)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignment (
  technician TEXT NOT NULL,
  visit      INTEGER NOT NULL,
  revoked    INTEGER NOT NULL,
  PRIMARY KEY (technician, visit)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_by_visit ON assignment (visit, revoked);  -- Holds the technician as well.

-- ---- customers -----------------------------------------------------------------------------------------------------

CREATE TABLE account (
  n       INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL,
  version INTEGER NOT NULL,   -- 0: named by a visit or an asset, not described yet.
  bytes   BLOB NOT NULL
) STRICT;

CREATE TABLE contact (
  id      TEXT PRIMARY KEY,
  account INTEGER NOT NULL,
  version INTEGER NOT NULL,
  bytes   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_by_account ON contact (account);

CREATE TABLE site (
  id      TEXT PRIMARY KEY,
  account INTEGER NOT NULL,
  version INTEGER NOT NULL,
  bytes   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX site_by_account ON site (account);

CREATE TABLE asset (
  id      TEXT PRIMARY KEY,
  account INTEGER NOT NULL,
  version INTEGER NOT NULL,
  bytes   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_by_account ON asset (account);

CREATE TABLE contract (
  id      TEXT PRIMARY KEY,
  account INTEGER NOT NULL,
  version INTEGER NOT NULL,
  bytes   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX contract_by_account ON contract (account);

CREATE TABLE technician (
  id      TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  bytes   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What visits say about promises; a promise made on one visit may be fulfilled on another.
CREATE TABLE commitment_fact (
  commitment TEXT NOT NULL,
  visit      INTEGER NOT NULL,
  item       INTEGER NOT NULL,
  bytes      BLOB NOT NULL,     -- A FoldFact.
  PRIMARY KEY (commitment, visit, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX commitment_fact_by_visit ON commitment_fact (visit);

CREATE TABLE commitment (
  id               TEXT PRIMARY KEY,
  account          INTEGER NOT NULL,
  visit            INTEGER NOT NULL,   -- On which it was made.
  state            INTEGER NOT NULL,
  due_us           INTEGER NOT NULL,   -- 0: no day was promised.
  pending_until_us INTEGER,            -- As in visit.
  bytes            BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX commitment_by_account ON commitment (account, state);
CREATE INDEX commitment_pending ON commitment (pending_until_us) WHERE pending_until_us IS NOT NULL;

CREATE TABLE brief (
  account INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  bytes   BLOB NOT NULL         -- An AccountBrief.
) STRICT;

-- ---- health --------------------------------------------------------------------------------------------------------

-- A row is closed, never deleted: past questions are answered from the rows known then. `source` names the small group
-- of facts that it was derived from ("visit:V", "chain:C", "promise:P").
CREATE TABLE observation (
  account       INTEGER NOT NULL,
  source        TEXT NOT NULL,
  known_from_us INTEGER NOT NULL,
  item          INTEGER NOT NULL,
  known_to_us   INTEGER NOT NULL,  -- 0: still known.
  signal        INTEGER NOT NULL,
  bytes         BLOB NOT NULL,     -- An Observation.
  PRIMARY KEY (account, source, known_from_us, item)
) STRICT, WITHOUT ROWID;
-- Repeats, by which an account may be RED whatever its score.
CREATE INDEX observation_repeats ON observation (account) WHERE known_to_us = 0 AND signal IN (5, 6);

-- Sums over the open rows above.
CREATE TABLE health_bucket (
  account          INTEGER NOT NULL,
  dimension        INTEGER NOT NULL,
  held             INTEGER NOT NULL,
  day              INTEGER NOT NULL,
  observations     INTEGER NOT NULL,
  weight           INTEGER NOT NULL,
  weighted_quality INTEGER NOT NULL,
  PRIMARY KEY (account, dimension, held, day)
) STRICT, WITHOUT ROWID;

-- ---- feeds ---------------------------------------------------------------------------------------------------------

CREATE TABLE feed_head (
  n          INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,   -- "device:d7", "technician:ana".
  seq        INTEGER NOT NULL,
  sum_high   INTEGER NOT NULL,
  sum_low    INTEGER NOT NULL,
  pruned_seq INTEGER NOT NULL,
  window_day INTEGER NOT NULL        -- The day for which the feed's window was last moved.
) STRICT;

CREATE TABLE feed (
  feed      INTEGER NOT NULL,
  kind      INTEGER NOT NULL,
  entity    TEXT NOT NULL,
  seq       INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  day       INTEGER NOT NULL,
  gone      INTEGER NOT NULL,   -- 1: a LEFT row.
  reason    TEXT NOT NULL,
  successor TEXT NOT NULL,
  PRIMARY KEY (feed, kind, entity)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX feed_by_seq ON feed (feed, seq);

-- Why an entity is in a technician's feed: the visits that refer to it.
CREATE TABLE feed_reference (
  feed   INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  entity TEXT NOT NULL,
  visit  INTEGER NOT NULL,
  PRIMARY KEY (feed, kind, entity, visit)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_reference_by_entity ON feed_reference (kind, entity);
CREATE INDEX feed_reference_by_visit ON feed_reference (visit);
