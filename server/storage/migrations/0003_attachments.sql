-- Attachments that are stored whole, as files beside the database. Operational: the bytes are no part of the truth, and
-- a rebuild neither needs nor makes them.

CREATE TABLE attachment (
  sha256    BLOB PRIMARY KEY,
  size      INTEGER NOT NULL,
  stored_us INTEGER NOT NULL,
  device    INTEGER NOT NULL,     -- Who sent it, and its entry that names it.
  epoch     INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  backed_up INTEGER NOT NULL      -- 1: its file stands beside a verified backup.
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_not_backed_up ON attachment (backed_up) WHERE backed_up = 0;
