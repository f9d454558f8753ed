-- Verified backups: how far each journal is in one.

ALTER TABLE journal ADD COLUMN backed_up INTEGER NOT NULL DEFAULT 0;
