-- A file of version 1, as that version wrote it while two Workers were in the middle of a turn; two
-- keys of inputs were added, one of them with a NUL.

-- Values are JSON as the Runtime gives them; a column stands beside it for whatever is searched.

CREATE TABLE owner (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    runtime_id TEXT NOT NULL,
    lease INTEGER NOT NULL,
    -- When the lease runs out, in milliseconds since the Unix epoch; 0 if nobody owns the store.
    until_ms INTEGER NOT NULL,
    events_per_worker INTEGER NOT NULL,
    totals TEXT NOT NULL
) STRICT;

CREATE TABLE workers (
    worker_id TEXT PRIMARY KEY,
    ordinal INTEGER NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    worker_id TEXT NOT NULL REFERENCES workers ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (worker_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE turns (
    worker_id TEXT NOT NULL REFERENCES workers ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    turn_id TEXT NOT NULL,
    idempotency_key TEXT,
    turn TEXT NOT NULL,
    PRIMARY KEY (worker_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX turns_by_id ON turns (worker_id, turn_id);
CREATE INDEX turns_by_key ON turns (worker_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE events (
    worker_id TEXT NOT NULL REFERENCES workers ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (worker_id, sequence)
) STRICT, WITHOUT ROWID;

-- The order of the keys is that of `place`.
CREATE TABLE input_keys (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    worker_id TEXT NOT NULL REFERENCES workers ON DELETE CASCADE,
    key TEXT NOT NULL,
    input_key TEXT NOT NULL
) STRICT;

CREATE INDEX input_keys_of_worker ON input_keys (worker_id, key);

CREATE TABLE create_keys (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    create_key TEXT NOT NULL
) STRICT;

CREATE INDEX create_keys_by_key ON create_keys (key);

INSERT INTO owner VALUES (1, '01a22dd4-5edd-71aa-a516-50a96514385e', 1, 0, 1024, '{"usage":{"turns":4,"input_tokens":58,"cached_input_tokens":0,"output_tokens":32,"reasoning_tokens":0,"duration_ms":1665},"outcomes":{"completed":4,"failed":0,"cancelled":0,"lost":0},"created":2}');
INSERT INTO workers VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 2, 6, '{"worker_id":"01a22dd4-5eed-772f-a52b-82e98b42b085","ordinal":2,"version":6,"display_name":"worker 0","labels":{},"spec":{"intent":{"type":"assistant"},"profile":{"type":"runtime_default"},"instructions":null,"config_bundle":null,"capabilities":[],"scope_claims":[]},"state":"running","last_outcome":"completed","turn":{"turn_id":"01a22dd4-623d-7dd5-8b98-335612afc3ed","profile":{"type":"runtime_default"},"started_at_ms":1796065223229,"usage":{"turns":0,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0,"duration_ms":0},"input_sequence":5},"turns":3,"entries":5,"usage":{"turns":2,"input_tokens":29,"cached_input_tokens":0,"output_tokens":16,"reasoning_tokens":0,"duration_ms":831},"worker_sequence":14,"created_at_ms":1796065222381,"active_at_ms":1796065223229,"end_reason":null}');
INSERT INTO workers VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 1, 6, '{"worker_id":"01a22dd4-5eed-7908-9e37-ab4098c1a2f5","ordinal":1,"version":6,"display_name":"worker 1","labels":{},"spec":{"intent":{"type":"assistant"},"profile":{"type":"runtime_default"},"instructions":null,"config_bundle":null,"capabilities":[],"scope_claims":[]},"state":"running","last_outcome":"completed","turn":{"turn_id":"01a22dd4-6239-7a57-9bb6-bd9a7aff51b0","profile":{"type":"runtime_default"},"started_at_ms":1796065223225,"usage":{"turns":0,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0,"duration_ms":0},"input_sequence":5},"turns":3,"entries":5,"usage":{"turns":2,"input_tokens":29,"cached_input_tokens":0,"output_tokens":16,"reasoning_tokens":0,"duration_ms":834},"worker_sequence":14,"created_at_ms":1796065222381,"active_at_ms":1796065223225,"end_reason":null}');
INSERT INTO entries VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 1, '{"sequence":1,"role":"user","text":"1 of process 24022, said by 0","turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","at_ms":1796065222384}');
INSERT INTO entries VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 2, '{"sequence":2,"role":"assistant","text":"echo: 1 of process 24022, said by 0","turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","at_ms":1796065222794,"usage":{"turns":1,"input_tokens":7,"cached_input_tokens":0,"output_tokens":8,"reasoning_tokens":0,"duration_ms":410}}');
INSERT INTO entries VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 3, '{"sequence":3,"role":"user","text":"2 of process 24022, said by 0","turn_id":"01a22dd4-6090-7ef6-be82-e2f21bb62e2f","at_ms":1796065222800}');
INSERT INTO entries VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 4, '{"sequence":4,"role":"assistant","text":"echo: 2 of process 24022, said by 0","turn_id":"01a22dd4-6090-7ef6-be82-e2f21bb62e2f","at_ms":1796065223221,"usage":{"turns":1,"input_tokens":22,"cached_input_tokens":0,"output_tokens":8,"reasoning_tokens":0,"duration_ms":421}}');
INSERT INTO entries VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 5, '{"sequence":5,"role":"user","text":"3 of process 24022, said by 0","turn_id":"01a22dd4-623d-7dd5-8b98-335612afc3ed","at_ms":1796065223229}');
INSERT INTO entries VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 1, '{"sequence":1,"role":"user","text":"1 of process 24022, said by 1","turn_id":"01a22dd4-5eee-73d5-971f-d5164cdb6183","at_ms":1796065222382}');
INSERT INTO entries VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 2, '{"sequence":2,"role":"assistant","text":"echo: 1 of process 24022, said by 1","turn_id":"01a22dd4-5eee-73d5-971f-d5164cdb6183","at_ms":1796065222793,"usage":{"turns":1,"input_tokens":7,"cached_input_tokens":0,"output_tokens":8,"reasoning_tokens":0,"duration_ms":411}}');
INSERT INTO entries VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 3, '{"sequence":3,"role":"user","text":"2 of process 24022, said by 1","turn_id":"01a22dd4-608e-7bdd-a543-15dc7feeb506","at_ms":1796065222798}');
INSERT INTO entries VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 4, '{"sequence":4,"role":"assistant","text":"echo: 2 of process 24022, said by 1","turn_id":"01a22dd4-608e-7bdd-a543-15dc7feeb506","at_ms":1796065223221,"usage":{"turns":1,"input_tokens":22,"cached_input_tokens":0,"output_tokens":8,"reasoning_tokens":0,"duration_ms":423}}');
INSERT INTO entries VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 5, '{"sequence":5,"role":"user","text":"3 of process 24022, said by 1","turn_id":"01a22dd4-6239-7a57-9bb6-bd9a7aff51b0","at_ms":1796065223225}');
INSERT INTO turns VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 1, '01a22dd4-5ef0-712b-bfc6-52f5ee065d90', NULL, '{"turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","outcome":"completed","profile":{"type":"runtime_default"},"started_at_ms":1796065222384,"ended_at_ms":1796065222794,"stop_reason":"end_turn","usage":{"turns":1,"input_tokens":7,"cached_input_tokens":0,"output_tokens":8,"reasoning_tokens":0,"duration_ms":410},"input_sequence":1,"answer_sequence":2}');
INSERT INTO turns VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 2, '01a22dd4-6090-7ef6-be82-e2f21bb62e2f', NULL, '{"turn_id":"01a22dd4-6090-7ef6-be82-e2f21bb62e2f","outcome":"completed","profile":{"type":"runtime_default"},"started_at_ms":1796065222800,"ended_at_ms":1796065223221,"stop_reason":"end_turn","usage":{"turns":1,"input_tokens":22,"cached_input_tokens":0,"output_tokens":8,"reasoning_tokens":0,"duration_ms":421},"input_sequence":3,"answer_sequence":4}');
INSERT INTO turns VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 3, '01a22dd4-623d-7dd5-8b98-335612afc3ed', NULL, '{"turn_id":"01a22dd4-623d-7dd5-8b98-335612afc3ed","profile":{"type":"runtime_default"},"started_at_ms":1796065223229,"usage":{"turns":0,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0,"duration_ms":0},"input_sequence":5}');
INSERT INTO turns VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 1, '01a22dd4-5eee-73d5-971f-d5164cdb6183', NULL, '{"turn_id":"01a22dd4-5eee-73d5-971f-d5164cdb6183","outcome":"completed","profile":{"type":"runtime_default"},"started_at_ms":1796065222382,"ended_at_ms":1796065222793,"stop_reason":"end_turn","usage":{"turns":1,"input_tokens":7,"cached_input_tokens":0,"output_tokens":8,"reasoning_tokens":0,"duration_ms":411},"input_sequence":1,"answer_sequence":2}');
INSERT INTO turns VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 2, '01a22dd4-608e-7bdd-a543-15dc7feeb506', NULL, '{"turn_id":"01a22dd4-608e-7bdd-a543-15dc7feeb506","outcome":"completed","profile":{"type":"runtime_default"},"started_at_ms":1796065222798,"ended_at_ms":1796065223221,"stop_reason":"end_turn","usage":{"turns":1,"input_tokens":22,"cached_input_tokens":0,"output_tokens":8,"reasoning_tokens":0,"duration_ms":423},"input_sequence":3,"answer_sequence":4}');
INSERT INTO turns VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 3, '01a22dd4-6239-7a57-9bb6-bd9a7aff51b0', NULL, '{"turn_id":"01a22dd4-6239-7a57-9bb6-bd9a7aff51b0","profile":{"type":"runtime_default"},"started_at_ms":1796065223225,"usage":{"turns":0,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0,"duration_ms":0},"input_sequence":5}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 1, '{"sequence":1,"at_ms":1796065222381,"turn_id":null,"metadata":{"idempotency_key":"worker 0"},"labels":{},"body":{"type":"worker_created","record":{"worker_id":"01a22dd4-5eed-772f-a52b-82e98b42b085","ordinal":2,"version":1,"display_name":"worker 0","labels":{},"spec":{"intent":{"type":"assistant"},"profile":{"type":"runtime_default"},"instructions":null,"config_bundle":null,"capabilities":[],"scope_claims":[]},"state":"idle","last_outcome":null,"turn":null,"turns":0,"entries":0,"usage":{"turns":0,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0,"duration_ms":0},"worker_sequence":1,"created_at_ms":1796065222381,"active_at_ms":1796065222381,"end_reason":null}}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 2, '{"sequence":2,"at_ms":1796065222384,"turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","labels":{},"body":{"type":"input_accepted","entry":1}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 3, '{"sequence":3,"at_ms":1796065222384,"turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","labels":{},"body":{"type":"turn_started"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 4, '{"sequence":4,"at_ms":1796065222384,"turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","labels":{},"body":{"type":"worker_state_changed","from":"idle","to":"running","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 5, '{"sequence":5,"at_ms":1796065222794,"turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","labels":{},"body":{"type":"turn_ended","turn":1,"outcome":"completed"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 6, '{"sequence":6,"at_ms":1796065222794,"turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","labels":{},"body":{"type":"worker_state_changed","from":"running","to":"idle","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 7, '{"sequence":7,"at_ms":1796065222800,"turn_id":"01a22dd4-6090-7ef6-be82-e2f21bb62e2f","labels":{},"body":{"type":"input_accepted","entry":3}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 8, '{"sequence":8,"at_ms":1796065222800,"turn_id":"01a22dd4-6090-7ef6-be82-e2f21bb62e2f","labels":{},"body":{"type":"turn_started"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 9, '{"sequence":9,"at_ms":1796065222800,"turn_id":"01a22dd4-6090-7ef6-be82-e2f21bb62e2f","labels":{},"body":{"type":"worker_state_changed","from":"idle","to":"running","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 10, '{"sequence":10,"at_ms":1796065223221,"turn_id":"01a22dd4-6090-7ef6-be82-e2f21bb62e2f","labels":{},"body":{"type":"turn_ended","turn":2,"outcome":"completed"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 11, '{"sequence":11,"at_ms":1796065223221,"turn_id":"01a22dd4-6090-7ef6-be82-e2f21bb62e2f","labels":{},"body":{"type":"worker_state_changed","from":"running","to":"idle","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 12, '{"sequence":12,"at_ms":1796065223229,"turn_id":"01a22dd4-623d-7dd5-8b98-335612afc3ed","labels":{},"body":{"type":"input_accepted","entry":5}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 13, '{"sequence":13,"at_ms":1796065223229,"turn_id":"01a22dd4-623d-7dd5-8b98-335612afc3ed","labels":{},"body":{"type":"turn_started"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-772f-a52b-82e98b42b085', 14, '{"sequence":14,"at_ms":1796065223229,"turn_id":"01a22dd4-623d-7dd5-8b98-335612afc3ed","labels":{},"body":{"type":"worker_state_changed","from":"idle","to":"running","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 1, '{"sequence":1,"at_ms":1796065222381,"turn_id":null,"metadata":{"idempotency_key":"worker 1"},"labels":{},"body":{"type":"worker_created","record":{"worker_id":"01a22dd4-5eed-7908-9e37-ab4098c1a2f5","ordinal":1,"version":1,"display_name":"worker 1","labels":{},"spec":{"intent":{"type":"assistant"},"profile":{"type":"runtime_default"},"instructions":null,"config_bundle":null,"capabilities":[],"scope_claims":[]},"state":"idle","last_outcome":null,"turn":null,"turns":0,"entries":0,"usage":{"turns":0,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0,"duration_ms":0},"worker_sequence":1,"created_at_ms":1796065222381,"active_at_ms":1796065222381,"end_reason":null}}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 2, '{"sequence":2,"at_ms":1796065222382,"turn_id":"01a22dd4-5eee-73d5-971f-d5164cdb6183","labels":{},"body":{"type":"input_accepted","entry":1}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 3, '{"sequence":3,"at_ms":1796065222382,"turn_id":"01a22dd4-5eee-73d5-971f-d5164cdb6183","labels":{},"body":{"type":"turn_started"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 4, '{"sequence":4,"at_ms":1796065222382,"turn_id":"01a22dd4-5eee-73d5-971f-d5164cdb6183","labels":{},"body":{"type":"worker_state_changed","from":"idle","to":"running","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 5, '{"sequence":5,"at_ms":1796065222793,"turn_id":"01a22dd4-5eee-73d5-971f-d5164cdb6183","labels":{},"body":{"type":"turn_ended","turn":1,"outcome":"completed"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 6, '{"sequence":6,"at_ms":1796065222793,"turn_id":"01a22dd4-5eee-73d5-971f-d5164cdb6183","labels":{},"body":{"type":"worker_state_changed","from":"running","to":"idle","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 7, '{"sequence":7,"at_ms":1796065222798,"turn_id":"01a22dd4-608e-7bdd-a543-15dc7feeb506","labels":{},"body":{"type":"input_accepted","entry":3}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 8, '{"sequence":8,"at_ms":1796065222798,"turn_id":"01a22dd4-608e-7bdd-a543-15dc7feeb506","labels":{},"body":{"type":"turn_started"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 9, '{"sequence":9,"at_ms":1796065222798,"turn_id":"01a22dd4-608e-7bdd-a543-15dc7feeb506","labels":{},"body":{"type":"worker_state_changed","from":"idle","to":"running","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 10, '{"sequence":10,"at_ms":1796065223221,"turn_id":"01a22dd4-608e-7bdd-a543-15dc7feeb506","labels":{},"body":{"type":"turn_ended","turn":2,"outcome":"completed"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 11, '{"sequence":11,"at_ms":1796065223221,"turn_id":"01a22dd4-608e-7bdd-a543-15dc7feeb506","labels":{},"body":{"type":"worker_state_changed","from":"running","to":"idle","reason":null}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 12, '{"sequence":12,"at_ms":1796065223225,"turn_id":"01a22dd4-6239-7a57-9bb6-bd9a7aff51b0","labels":{},"body":{"type":"input_accepted","entry":5}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 13, '{"sequence":13,"at_ms":1796065223225,"turn_id":"01a22dd4-6239-7a57-9bb6-bd9a7aff51b0","labels":{},"body":{"type":"turn_started"}}');
INSERT INTO events VALUES ('01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 14, '{"sequence":14,"at_ms":1796065223225,"turn_id":"01a22dd4-6239-7a57-9bb6-bd9a7aff51b0","labels":{},"body":{"type":"worker_state_changed","from":"idle","to":"running","reason":null}}');
INSERT INTO create_keys VALUES (1, 'worker 1', '{"key":"worker 1","digest":[187,235,161,42,190,170,62,215,36,98,166,140,151,136,175,254],"at_ms":1796065222381,"worker_id":"01a22dd4-5eed-7908-9e37-ab4098c1a2f5","receipt":null}');
INSERT INTO create_keys VALUES (2, 'worker 0', '{"key":"worker 0","digest":[248,117,248,102,195,212,113,220,77,50,27,56,232,160,164,111],"at_ms":1796065222381,"worker_id":"01a22dd4-5eed-772f-a52b-82e98b42b085","receipt":null}');
INSERT INTO input_keys VALUES (7, '01a22dd4-5eed-7908-9e37-ab4098c1a2f5', 'plain', '{"key":"plain","digest":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"at_ms":1,"turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","entry_sequence":1,"cursor_sequence":2}');
INSERT INTO input_keys VALUES (8, '01a22dd4-5eed-7908-9e37-ab4098c1a2f5', CAST(x'610062' AS TEXT), '{"key":"a\u0000b","digest":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"at_ms":1,"turn_id":"01a22dd4-5ef0-712b-bfc6-52f5ee065d90","entry_sequence":1,"cursor_sequence":2}');
