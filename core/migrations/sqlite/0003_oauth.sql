-- Connections that a user allowed by OAuth. Their tokens are sealed in connections.secret as JSON.
ALTER TABLE connections ADD COLUMN grant_expires_at BIGINT; -- when the permission ends, as far as that is known

-- Ways to a consent page that were begun and not ended. Each is used once, by the session that began it.
CREATE TABLE oauth_states (
    state_hash TEXT PRIMARY KEY,          -- SHA-256 of `state`, hex
    session_hash TEXT NOT NULL,           -- SHA-256 of the session that began it, hex
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    provider TEXT NOT NULL,               -- domain::sync::ProviderKind
    connection_id TEXT,                   -- the connection to mend
    verifier TEXT NOT NULL,               -- of PKCE; sealed, associated data = state_hash
    redirect_uri TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_states_by_expiry ON oauth_states(expires_at);

-- Who is renewing the tokens of a connection: some providers' refresh tokens work once.
CREATE TABLE token_leases (
    connection_id TEXT PRIMARY KEY REFERENCES connections(id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
