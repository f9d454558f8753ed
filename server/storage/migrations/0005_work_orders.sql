-- The bytes of a work order no longer say its state and version, which have columns (and code that moves them), and
-- feeds are found by what they refer to without an index of its own.

CREATE TABLE feed_reference_by_entity_first (
  kind   INTEGER NOT NULL,
  entity TEXT NOT NULL,
  feed   INTEGER NOT NULL,
  visit  INTEGER NOT NULL,
  PRIMARY KEY (kind, entity, feed, visit)
) STRICT, WITHOUT ROWID;
INSERT INTO feed_reference_by_entity_first SELECT kind, entity, feed, visit FROM feed_reference;
DROP TABLE feed_reference;
ALTER TABLE feed_reference_by_entity_first RENAME TO feed_reference;
CREATE INDEX feed_reference_by_visit ON feed_reference (visit);
