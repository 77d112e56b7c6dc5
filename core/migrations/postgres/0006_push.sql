-- Subscriptions to parts of an account, and how often a connection is looked at that tells by itself.

-- What it tells about: the provider's id of a calendar; '': the whole account.
ALTER TABLE webhook_subscriptions ADD COLUMN topic TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook_subscriptions ADD COLUMN resource_id TEXT;  -- the provider's name for what is watched
ALTER TABLE webhook_subscriptions ADD COLUMN renew_at BIGINT NOT NULL DEFAULT 0; -- when it is looked after next
ALTER TABLE webhook_subscriptions ADD COLUMN proven_at BIGINT;  -- since when calls come through; NULL: that is not known

-- What a provider did not want to tell about.
CREATE TABLE webhook_refusals (
    connection_id TEXT NOT NULL REFERENCES connections(id) ON DELETE CASCADE,
    topic TEXT NOT NULL,                  -- as webhook_subscriptions.topic
    code TEXT NOT NULL,                   -- domain::failure::Problem.code
    retry_at BIGINT NOT NULL,             -- it is not asked again before
    PRIMARY KEY (connection_id, topic)
);

-- Seconds that were left until the next sync when the last one ended well; more than interval_s while the provider tells by itself.
ALTER TABLE connections ADD COLUMN pace_s BIGINT NOT NULL DEFAULT 0;

-- As before, with that pace, and without subscriptions that are only being made.
DROP VIEW calendar_sync_health;
CREATE VIEW calendar_sync_health AS
SELECT c.id AS connection_id, c.user_id, c.provider, c.name,
    -- Stale is what is past `stale_at`: a view has no clock of its own.
    CASE WHEN NOT c.enabled THEN 'disabled' WHEN c.needs_user THEN 'needs_reconnecting'
        WHEN c.last_success_at IS NULL AND c.failures = 0 THEN 'new' WHEN c.failures > 0 THEN 'failing' ELSE 'ok' END AS state,
    CASE WHEN c.enabled AND c.interval_s > 0 THEN COALESCE(c.last_success_at, c.created_at)
        + 3000 * CASE WHEN c.pace_s > c.interval_s THEN c.pace_s ELSE c.interval_s END END AS stale_at,
    c.interval_s, c.failures, c.problem, c.last_success_at, c.last_attempt_at, c.next_sync_at, c.created_at,
    (c.last_success_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM calendars k WHERE k.connection_id = c.id AND k.enabled
        AND k.vanished_at IS NULL AND k.last_success_at IS NULL)) AS initial_sync_done,
    (SELECT COUNT(*) FROM webhook_subscriptions w WHERE w.connection_id = c.id AND w.remote_id <> '') AS webhooks,
    (SELECT MIN(w.checked_at) FROM webhook_subscriptions w WHERE w.connection_id = c.id AND w.remote_id <> '') AS webhook_checked_at,
    (SELECT MIN(w.expires_at) FROM webhook_subscriptions w WHERE w.connection_id = c.id AND w.remote_id <> '') AS webhook_expires_at,
    (SELECT CAST(COALESCE(SUM(k.live_objects), 0) AS BIGINT) FROM calendars k WHERE k.connection_id = c.id) AS events_live,
    (SELECT COUNT(*) FROM events e JOIN calendars k ON k.id = e.calendar_id WHERE k.connection_id = c.id
        AND e.deleted_at IS NOT NULL) AS events_deleted,
    (SELECT COUNT(*) FROM events e JOIN calendars k ON k.id = e.calendar_id WHERE k.connection_id = c.id
        AND e.synced_via_webhook AND e.deleted_at IS NULL) AS events_via_webhook,
    (SELECT COUNT(*) FROM holds h JOIN calendars k ON k.id = h.calendar_id WHERE k.connection_id = c.id AND h.status = 'open') AS holds_open
FROM connections c;
