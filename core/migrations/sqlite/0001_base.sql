-- Words as in the code. Ids are UUIDv7 in text form; times are unix milliseconds; JSON is text.
-- The same tables and columns exist for the other database; a test compares them.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,           -- lower case
    password_hash TEXT NOT NULL,          -- argon2id
    is_admin BOOLEAN NOT NULL,
    preferences TEXT NOT NULL,            -- JSON, domain::view::Preferences
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,          -- SHA-256 of the cookie, hex
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions(user_id);
CREATE INDEX sessions_by_expiry ON sessions(expires_at);

CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,      -- SHA-256, hex
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX api_tokens_by_user ON api_tokens(user_id);

CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    provider TEXT NOT NULL,               -- domain::sync::ProviderKind
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    host TEXT NOT NULL,
    settings TEXT NOT NULL,               -- JSON, nothing secret
    secret TEXT,                          -- sealed, associated data = id
    enabled BOOLEAN NOT NULL,
    needs_user BOOLEAN NOT NULL,          -- only the user can mend it (password refused)
    interval_s BIGINT NOT NULL,           -- 0: only by hand
    next_sync_at BIGINT,                  -- NULL: not due by itself
    last_attempt_at BIGINT,
    last_success_at BIGINT,
    failures BIGINT NOT NULL,             -- in a row
    problem TEXT,                         -- JSON, domain::failure::Problem
    created_at BIGINT NOT NULL
);
CREATE INDEX connections_by_user ON connections(user_id);
CREATE INDEX connections_due ON connections(next_sync_at) WHERE enabled AND next_sync_at IS NOT NULL;

CREATE TABLE calendars (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    connection_id TEXT NOT NULL REFERENCES connections(id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    name TEXT NOT NULL,
    color TEXT NOT NULL,                  -- domain::color::NAMES
    color_chosen BOOLEAN NOT NULL,        -- by the user: the provider's is ignored
    zone TEXT,
    read_only BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    visible BOOLEAN NOT NULL,
    vanished_at BIGINT,
    hints TEXT,                           -- JSON of the provider
    cursor TEXT,                          -- stored only with the rows that it covers
    checkpoint TEXT,                      -- page cursor of an unfinished pass
    live_objects BIGINT NOT NULL,         -- mirror rows that are not gone
    last_attempt_at BIGINT,
    last_success_at BIGINT,
    last_status TEXT,                     -- domain::sync::ResultStatus
    problem TEXT,                         -- JSON, domain::failure::Problem
    created_at BIGINT NOT NULL,
    UNIQUE (connection_id, remote_id)
);
CREATE INDEX calendars_by_user ON calendars(user_id);

-- What was last agreed with the provider about one remote object.
-- Rows with long texts have a rowid: a tree of whole rows is deep, and every write of it costs twice.
CREATE TABLE mirror (
    calendar_id TEXT NOT NULL REFERENCES calendars(id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    version TEXT,                         -- ETag
    hash TEXT NOT NULL,                   -- of the normalised content
    raw TEXT NOT NULL,                    -- as the provider sent it
    last_end BIGINT,                      -- when its last instance ends; NULL: never
    missing_at BIGINT,                    -- the provider does not list it any more; the delete guard decides
    kept BOOLEAN NOT NULL,                -- the user said: keep it although the provider does not list it
    gone_at BIGINT,
    gone_reason TEXT,                     -- removed, approved, cancelled (never stored), unreadable (never stored)
    PRIMARY KEY (calendar_id, remote_id)
);
CREATE INDEX mirror_missing ON mirror(calendar_id) WHERE missing_at IS NOT NULL AND gone_at IS NULL;

CREATE TABLE events (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    calendar_id TEXT NOT NULL REFERENCES calendars(id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,              -- of its object in mirror
    instance TEXT NOT NULL,               -- '' for a master or single, else the original start
    uid TEXT NOT NULL,
    kind TEXT NOT NULL,                   -- single, master, override
    title TEXT NOT NULL,
    content TEXT NOT NULL,                -- JSON, domain::event::Event
    created_by TEXT NOT NULL,             -- the job that stored it first
    updated_by TEXT NOT NULL,             -- the job that changed it last
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX events_by_remote ON events(calendar_id, remote_id, instance);
CREATE INDEX events_by_uid ON events(user_id, uid);

-- Concrete instances in time within the horizon, so that a period is a range scan.
CREATE TABLE occurrences (
    event_id TEXT NOT NULL REFERENCES events(id) ON DELETE CASCADE,
    instance TEXT NOT NULL,               -- original start
    user_id TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    kind TEXT NOT NULL,                   -- timed, all_day, floating: how to read the milliseconds
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    PRIMARY KEY (event_id, instance)
) WITHOUT ROWID;
-- Covers what decides whether an occurrence overlaps a period, so that only those that do are looked up.
CREATE INDEX occurrences_by_start ON occurrences(user_id, start_at, end_at, kind, calendar_id);
-- Longer than 8 days: the range scan by start reaches back only so far.
CREATE INDEX occurrences_long ON occurrences(user_id, end_at, start_at, kind, calendar_id) WHERE end_at - start_at > 691200000;

-- Objects whose occurrences go on beyond what is materialised.
CREATE TABLE horizons (
    calendar_id TEXT NOT NULL REFERENCES calendars(id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    from_at BIGINT NOT NULL,              -- materialised from
    until_at BIGINT NOT NULL,             -- materialised until
    PRIMARY KEY (calendar_id, remote_id)
) WITHOUT ROWID;
CREATE INDEX horizons_by_until ON horizons(until_at);

CREATE TABLE sync_jobs (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,                 -- the first job of the run
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    connection_id TEXT NOT NULL REFERENCES connections(id) ON DELETE CASCADE,
    trigger_kind TEXT NOT NULL,           -- domain::sync::Trigger
    mode TEXT NOT NULL,                   -- domain::sync::Mode
    calendar_ids TEXT,                    -- JSON array; NULL: all enabled
    status TEXT NOT NULL,                 -- domain::sync::JobStatus
    seq BIGINT NOT NULL,                  -- grows with every change of progress
    progress TEXT NOT NULL,               -- JSON, domain::sync::JobProgress
    cancel_asked BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    updated_at BIGINT NOT NULL
);
CREATE INDEX sync_jobs_by_user ON sync_jobs(user_id, created_at);
CREATE INDEX sync_jobs_by_run ON sync_jobs(run_id);
CREATE INDEX sync_jobs_by_change ON sync_jobs(updated_at);
CREATE INDEX sync_jobs_open ON sync_jobs(connection_id) WHERE finished_at IS NULL;

CREATE TABLE sync_results (
    job_id TEXT NOT NULL REFERENCES sync_jobs(id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    calendar_id TEXT,
    result TEXT NOT NULL,                 -- JSON, domain::sync::CalendarResult
    PRIMARY KEY (job_id, position)
);

-- What a job did to each event. `before` is the content that it replaced or removed; what it left is the `before` of the
-- event's next entry, or the event itself.
CREATE TABLE journal (
    job_id TEXT NOT NULL REFERENCES sync_jobs(id) ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    action TEXT NOT NULL,                 -- insert, update, delete, revive
    before TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (job_id, event_id, action)
) WITHOUT ROWID;

CREATE TABLE locks (
    connection_id TEXT PRIMARY KEY REFERENCES connections(id) ON DELETE CASCADE,
    job_id TEXT NOT NULL,
    owner TEXT NOT NULL,                  -- process that holds it: <pid>:<random>
    fence BIGINT NOT NULL,                -- grows with every claim
    expires_at BIGINT NOT NULL
);

CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    calendar_id TEXT NOT NULL REFERENCES calendars(id) ON DELETE CASCADE,
    job_id TEXT NOT NULL,
    status TEXT NOT NULL,                 -- open, approved, rejected, settled
    remote_ids TEXT NOT NULL,             -- JSON array of the objects that would go
    would_delete BIGINT NOT NULL,
    remaining BIGINT NOT NULL,
    live BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX holds_by_user ON holds(user_id, status);
CREATE INDEX holds_by_calendar ON holds(calendar_id, status);

CREATE TABLE files (
    connection_id TEXT PRIMARY KEY REFERENCES connections(id) ON DELETE CASCADE,
    body TEXT NOT NULL,                   -- the uploaded feed: base64 of its gzip
    stored_at BIGINT NOT NULL
);
