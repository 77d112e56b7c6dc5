-- What the administrator set for the whole instance.
CREATE TABLE instance_settings (
    id TEXT PRIMARY KEY,                  -- google.client_id and so on
    value TEXT,                           -- what may be shown
    secret TEXT,                          -- what may not: sealed, associated data = id
    updated_at BIGINT NOT NULL
);
