-- What devices sign their frames with: every key that they have told, one after the other.

CREATE TABLE signing_key (
  device     INTEGER NOT NULL,
  place      INTEGER NOT NULL,  -- From 1; the last is the one that counts.
  told_us    INTEGER NOT NULL,
  algorithm  INTEGER NOT NULL,  -- v1.KeyAlgorithm
  public_key BLOB NOT NULL,
  PRIMARY KEY (device, place)
) STRICT, WITHOUT ROWID;
