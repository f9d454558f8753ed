-- By what a phone's push service wakes it, and since when something urgent waits for it. Operational, as the rest of
-- the row: neither truth nor rebuilt, and a phone tells its token again to a server that was restored.

ALTER TABLE device_contact ADD COLUMN push_token TEXT NOT NULL DEFAULT '';        -- Empty: it has none.
ALTER TABLE device_contact ADD COLUMN wake_reason INTEGER NOT NULL DEFAULT 0;     -- A WakeReason.
ALTER TABLE device_contact ADD COLUMN wake_wanted_us INTEGER NOT NULL DEFAULT 0;  -- 0: nothing waits.
-- An app that is installed again becomes another device and may keep its token.
CREATE UNIQUE INDEX device_contact_by_push_token ON device_contact (push_token) WHERE push_token <> '';
CREATE INDEX device_contact_wanted ON device_contact (device) WHERE wake_wanted_us > 0;
