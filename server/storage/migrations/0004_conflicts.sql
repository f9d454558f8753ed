-- Who left the company, and which assets have the same serial number.

CREATE TABLE technician_left (
  technician TEXT PRIMARY KEY,
  left_us    INTEGER NOT NULL  -- The first instant that does not count any more.
) STRICT, WITHOUT ROWID;

-- Only assets that have a serial number, as it is compared, and that are not merged into others.
CREATE TABLE asset_serial (
  account   INTEGER NOT NULL,
  serial    TEXT NOT NULL,
  asset     TEXT NOT NULL,
  model     TEXT NOT NULL,     -- Empty: not known.
  looked_at INTEGER NOT NULL,  -- 1: somebody has decided about it and those of the same number that there were.
  PRIMARY KEY (account, serial, asset)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_serial_by_asset ON asset_serial (asset);
