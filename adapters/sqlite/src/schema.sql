-- Version 2. Values are JSON as the Runtime gives them, in which a NUL is written as an escape; a column
-- stands beside a value for whatever is searched. Ids and keys are bytes, so that a NUL in a key stays.
-- A Worker is named by its ordinal everywhere but in `workers`: a number is shorter than an id, and what
-- belongs to one Worker lies together.

CREATE TABLE owner (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    runtime_id TEXT NOT NULL,
    -- The form of the Runtime's values, for a later Runtime to say that it is too old.
    format INTEGER NOT NULL,
    fencing_token INTEGER NOT NULL,
    epoch BLOB NOT NULL,
    -- When the lease runs out, in milliseconds since the Unix epoch; 0 if nobody owns the store.
    until_ms INTEGER NOT NULL,
    -- Whether the owner holds the lock of the operating system too.
    locked INTEGER NOT NULL,
    events_per_worker INTEGER NOT NULL,
    -- The number of the newest batch that was committed.
    batches INTEGER NOT NULL,
    -- Counts the times that an uncertain commit was overwritten.
    settled INTEGER NOT NULL,
    -- The batch up to which deletions are missing in `deletions`.
    deletions_from INTEGER NOT NULL
) STRICT;

-- By tenant. Workers of no tenant are counted under the empty name.
CREATE TABLE totals (
    tenant TEXT PRIMARY KEY,
    totals TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
    ordinal INTEGER PRIMARY KEY,
    worker_id BLOB NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    -- The record with a default spec in place of its own.
    record TEXT NOT NULL
) STRICT;

-- Apart from the record, because a spec may be long and rarely changes.
CREATE TABLE specs (
    worker INTEGER PRIMARY KEY REFERENCES workers ON DELETE CASCADE,
    spec TEXT NOT NULL
) STRICT;

CREATE TABLE entries (
    worker INTEGER NOT NULL REFERENCES workers ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (worker, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE turns (
    worker INTEGER NOT NULL REFERENCES workers ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    turn_id BLOB NOT NULL,
    idempotency_key BLOB,
    turn TEXT NOT NULL,
    PRIMARY KEY (worker, ordinal)
) STRICT, WITHOUT ROWID;

-- Ids grow with time, so all new turns are at one end of the index, whichever Workers they are of.
CREATE INDEX turns_by_id ON turns (turn_id);
CREATE INDEX turns_by_key ON turns (worker, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The events of one batch are one row: an array, from the sequence `first` to `last`.
CREATE TABLE events (
    worker INTEGER NOT NULL REFERENCES workers ON DELETE CASCADE,
    last INTEGER NOT NULL,
    first INTEGER NOT NULL,
    -- The number of the batch in the order in which all batches were committed.
    batch INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (worker, last)
) STRICT, WITHOUT ROWID;

-- For the feed of changes. The numbers of batches only grow, so that all new rows are at one end.
CREATE INDEX events_by_batch ON events (batch);

-- The newest Workers that were deleted.
CREATE TABLE deletions (
    batch INTEGER PRIMARY KEY,
    worker_id BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    worker_sequence INTEGER NOT NULL
) STRICT;

-- The order of a Worker's keys is that of `place`, which is the version at which a key was added.
CREATE TABLE input_keys (
    worker INTEGER NOT NULL REFERENCES workers ON DELETE CASCADE,
    key BLOB NOT NULL,
    place INTEGER NOT NULL,
    input_key TEXT NOT NULL,
    PRIMARY KEY (worker, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE create_keys (
    place INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    create_key TEXT NOT NULL
) STRICT;
