-- How every connection stands, for whoever asks the database: SELECT * FROM calendar_sync_health.

ALTER TABLE webhook_subscriptions ADD COLUMN expires_at BIGINT; -- when the provider stops to call unless it is renewed; NULL: never

-- Few rows, so that they are counted without the rest.
CREATE INDEX events_deleted ON events(calendar_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX events_by_webhook ON events(calendar_id) WHERE synced_via_webhook AND deleted_at IS NULL;

CREATE VIEW calendar_sync_health AS
SELECT c.id AS connection_id, c.user_id, c.provider, c.name,
    -- Stale is what is past `stale_at`: a view has no clock of its own.
    CASE WHEN NOT c.enabled THEN 'disabled' WHEN c.needs_user THEN 'needs_reconnecting'
        WHEN c.last_success_at IS NULL AND c.failures = 0 THEN 'new' WHEN c.failures > 0 THEN 'failing' ELSE 'ok' END AS state,
    CASE WHEN c.enabled AND c.interval_s > 0 THEN COALESCE(c.last_success_at, c.created_at) + 3 * c.interval_s * 1000 END AS stale_at,
    c.interval_s, c.failures, c.problem, c.last_success_at, c.last_attempt_at, c.next_sync_at, c.created_at,
    (c.last_success_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM calendars k WHERE k.connection_id = c.id AND k.enabled
        AND k.vanished_at IS NULL AND k.last_success_at IS NULL)) AS initial_sync_done,
    (SELECT COUNT(*) FROM webhook_subscriptions w WHERE w.connection_id = c.id) AS webhooks,
    (SELECT MIN(w.checked_at) FROM webhook_subscriptions w WHERE w.connection_id = c.id) AS webhook_checked_at,
    (SELECT MIN(w.expires_at) FROM webhook_subscriptions w WHERE w.connection_id = c.id) AS webhook_expires_at,
    (SELECT CAST(COALESCE(SUM(k.live_objects), 0) AS BIGINT) FROM calendars k WHERE k.connection_id = c.id) AS events_live,
    (SELECT COUNT(*) FROM events e JOIN calendars k ON k.id = e.calendar_id WHERE k.connection_id = c.id
        AND e.deleted_at IS NOT NULL) AS events_deleted,
    (SELECT COUNT(*) FROM events e JOIN calendars k ON k.id = e.calendar_id WHERE k.connection_id = c.id
        AND e.synced_via_webhook AND e.deleted_at IS NULL) AS events_via_webhook,
    (SELECT COUNT(*) FROM holds h JOIN calendars k ON k.id = h.calendar_id WHERE k.connection_id = c.id AND h.status = 'open') AS holds_open
FROM connections c;
