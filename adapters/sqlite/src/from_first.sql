-- From the tables of version 1, which are named `first_…` here, to those of version 2.

INSERT INTO owner
SELECT 1, runtime_id, 0, lease, x'', until_ms, 0, events_per_worker,
    (SELECT coalesce(max(ordinal), 0) FROM first_workers), 0, 0 FROM first_owner;

INSERT INTO totals SELECT '', totals FROM first_owner;

INSERT INTO entries
SELECT w.ordinal, e.sequence, e.entry FROM first_entries e JOIN first_workers w USING (worker_id);

INSERT INTO turns
SELECT w.ordinal, t.ordinal, unhex(t.turn_id, '-'), CAST(t.idempotency_key AS BLOB), t.turn
FROM first_turns t JOIN first_workers w USING (worker_id);

-- Each event is a row of its own, and all those of a Worker are as if they had been one batch.
INSERT INTO events
SELECT w.ordinal, e.sequence, e.sequence, w.ordinal, '[' || e.event || ']'
FROM first_events e JOIN first_workers w USING (worker_id);

-- Places up to 0, so that the keys come before all that are added at a version of the Worker. If a key
-- is there twice, the later one counts.
INSERT OR REPLACE INTO input_keys
SELECT w.ordinal, CAST(k.key AS BLOB), k.place - (SELECT max(place) FROM first_input_keys), k.input_key
FROM first_input_keys k JOIN first_workers w USING (worker_id) ORDER BY k.place;

INSERT OR REPLACE INTO create_keys
SELECT place, CAST(key AS BLOB), create_key FROM first_create_keys ORDER BY place;

DROP TABLE first_entries;
DROP TABLE first_turns;
DROP TABLE first_events;
DROP TABLE first_input_keys;
DROP TABLE first_create_keys;
DROP TABLE first_workers;
DROP TABLE first_owner;
