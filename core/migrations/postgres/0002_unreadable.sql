-- Objects whose last version could not be read: counted by every sync, fetched again when their version changes.
ALTER TABLE mirror ADD COLUMN unreadable TEXT; -- why the version could not be read; NULL: it could
UPDATE mirror SET unreadable = 'unreadable' WHERE gone_reason = 'unreadable';
-- Objects that are not simply in step: few, and looked up at the beginning of every pass. It covers the look-up, so that SQLite
-- prefers it to the primary key, behind which every raw text lies.
CREATE INDEX mirror_odd ON mirror(calendar_id, version, gone_at, missing_at, kept, gone_reason, unreadable)
    WHERE missing_at IS NOT NULL OR kept OR gone_reason = 'cancelled' OR unreadable IS NOT NULL;
