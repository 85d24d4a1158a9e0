-- Values are JSON as the Runtime gives them; a column stands beside it for whatever is searched.

CREATE TABLE IF NOT EXISTS owner (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    runtime_id TEXT NOT NULL,
    lease INTEGER NOT NULL,
    -- When the lease runs out, in milliseconds since the Unix epoch; 0 if nobody owns the store.
    until_ms INTEGER NOT NULL,
    events_per_worker INTEGER NOT NULL,
    totals TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS workers (
    worker_id TEXT PRIMARY KEY,
    ordinal INTEGER NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS entries (
    worker_id TEXT NOT NULL REFERENCES workers ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (worker_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS turns (
    worker_id TEXT NOT NULL REFERENCES workers ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    turn_id TEXT NOT NULL,
    idempotency_key TEXT,
    turn TEXT NOT NULL,
    PRIMARY KEY (worker_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS turns_by_id ON turns (worker_id, turn_id);
CREATE INDEX IF NOT EXISTS turns_by_key ON turns (worker_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE IF NOT EXISTS events (
    worker_id TEXT NOT NULL REFERENCES workers ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (worker_id, sequence)
) STRICT, WITHOUT ROWID;

-- The order of the keys is that of `place`.
CREATE TABLE IF NOT EXISTS input_keys (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    worker_id TEXT NOT NULL REFERENCES workers ON DELETE CASCADE,
    key TEXT NOT NULL,
    input_key TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS input_keys_of_worker ON input_keys (worker_id, key);

CREATE TABLE IF NOT EXISTS create_keys (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    create_key TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS create_keys_by_key ON create_keys (key);
