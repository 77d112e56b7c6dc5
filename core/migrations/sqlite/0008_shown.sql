-- What is stored of a connection and not shown.
ALTER TABLE connections ADD COLUMN hidden TEXT NOT NULL DEFAULT '{}'; -- JSON, domain::event_type::Hidden
