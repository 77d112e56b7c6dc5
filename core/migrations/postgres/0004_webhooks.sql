-- What providers tell by themselves, and copies of an event in other calendars.

-- The id that a booking's copy has in a linked Google or Outlook calendar; equal to that event's remote_id.
ALTER TABLE events ADD COLUMN copy_id TEXT;
CREATE INDEX events_by_copy ON events(user_id, copy_id) WHERE copy_id IS NOT NULL;
-- What is stored came by a sync that a webhook began.
ALTER TABLE events ADD COLUMN synced_via_webhook BOOLEAN NOT NULL DEFAULT FALSE;

-- Subscriptions that we made at providers.
CREATE TABLE webhook_subscriptions (
    id TEXT PRIMARY KEY,                  -- ours; part of the address that the provider calls
    connection_id TEXT NOT NULL REFERENCES connections(id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,              -- the provider's name for it
    address TEXT NOT NULL,                -- the address that the provider calls
    signing_key TEXT NOT NULL,            -- sealed, associated data = id
    checked_at BIGINT NOT NULL,           -- when the provider last said that it is alive
    created_at BIGINT NOT NULL
);
CREATE INDEX webhook_subscriptions_by_connection ON webhook_subscriptions(connection_id);

-- Webhooks that were taken in, so that each counts once. Kept for 30 days.
CREATE TABLE webhook_deliveries (
    delivery TEXT PRIMARY KEY,            -- SHA-256 of what tells it from others, hex
    provider TEXT NOT NULL,               -- domain::sync::ProviderKind
    received_at BIGINT NOT NULL
);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries(received_at);
