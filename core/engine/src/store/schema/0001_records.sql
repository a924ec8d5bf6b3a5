-- Facts about this home that are no document: who it is, its sealed secrets, its relay.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- A document is what was saved of it and the changes since. rev goes up with every change.
CREATE TABLE doc (
    id    INTEGER PRIMARY KEY,
    space BLOB NOT NULL,
    name  TEXT NOT NULL,
    class INTEGER NOT NULL,
    rev   INTEGER NOT NULL,
    saved BLOB,
    UNIQUE (space, name)
);
CREATE TABLE doc_change (
    doc   INTEGER NOT NULL REFERENCES doc (id),
    n     INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (doc, n)
);

-- This device's own changes that no relay has acknowledged, in the order they were made.
-- sealed is the sealed entry that carries the change, once there is one.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    space      BLOB NOT NULL,
    class      INTEGER NOT NULL,
    doc        INTEGER NOT NULL REFERENCES doc (id),
    incarnation INTEGER NOT NULL,
    actor_seq  INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    change     BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    sealed     INTEGER
);
CREATE INDEX outbox_doc ON outbox (doc);
CREATE INDEX outbox_space ON outbox (space, id);
CREATE INDEX outbox_sealed ON outbox (sealed) WHERE sealed IS NOT NULL;

-- How far each other device has read a class of a space's log, as its signed cursor proves it: the last cursor
-- that it signed while its account was given the class. noted_ms is when the relay says that it took the cursor.
CREATE TABLE seen (
    space    BLOB NOT NULL,
    device   BLOB NOT NULL,
    class    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    noted_ms INTEGER NOT NULL,
    PRIMARY KEY (space, device, class)
) WITHOUT ROWID;

-- Which account a device of a space belongs to, and whether that account is the subject.
-- Verified from the membership; devices that left stay, because their records do.
CREATE TABLE author (
    space   BLOB NOT NULL,
    device  TEXT NOT NULL,
    account TEXT NOT NULL,
    subject INTEGER NOT NULL,
    PRIMARY KEY (space, device)
) WITHOUT ROWID;

-- From here on: the projection, rebuilt from the documents at will.

CREATE TABLE chart (
    id    INTEGER PRIMARY KEY,
    space BLOB NOT NULL UNIQUE
);

-- A strand and its verified author.
CREATE TABLE strand (
    doc     INTEGER PRIMARY KEY REFERENCES doc (id),
    chart   INTEGER NOT NULL REFERENCES chart (id),
    device  TEXT NOT NULL,
    account TEXT NOT NULL,
    subject INTEGER NOT NULL
);
CREATE INDEX strand_device ON strand (chart, device);

-- One row per record of a strand. v tells versions apart where clones of a device wrote one key.
-- outbox is the own change that wrote it, entry the place in the log where it stands: how it
-- travelled, which no document says, so a rebuild keeps it.
CREATE TABLE observation (
    doc     INTEGER NOT NULL REFERENCES doc (id),
    id      TEXT NOT NULL,
    v       INTEGER NOT NULL,
    session INTEGER NOT NULL REFERENCES session (id),
    step    TEXT NOT NULL,
    side    TEXT NOT NULL,
    set_n   INTEGER NOT NULL,
    rep     INTEGER NOT NULL,
    body    TEXT NOT NULL,
    outbox  INTEGER,
    entry   INTEGER,
    PRIMARY KEY (doc, id, v)
);
CREATE INDEX observation_key ON observation (session, step, side, set_n, rep);
CREATE INDEX observation_id ON observation (id);

-- target is `observation:ID`, `hold:KEY`, `session:KEY` or `day:ID`.
CREATE TABLE correction (
    doc     INTEGER NOT NULL REFERENCES doc (id),
    id      TEXT NOT NULL,
    v       INTEGER NOT NULL,
    chart   INTEGER NOT NULL REFERENCES chart (id),
    target  TEXT NOT NULL,
    counter INTEGER NOT NULL,
    body    TEXT NOT NULL,
    outbox  INTEGER,
    entry   INTEGER,
    PRIMARY KEY (doc, id, v)
);
CREATE INDEX correction_target ON correction (chart, target);
CREATE INDEX correction_counter ON correction (chart, counter);

CREATE TABLE session_record (
    doc     INTEGER NOT NULL REFERENCES doc (id),
    v       INTEGER NOT NULL,
    session INTEGER NOT NULL REFERENCES session (id),
    body    TEXT NOT NULL,
    outbox  INTEGER,
    entry   INTEGER,
    PRIMARY KEY (doc, v)
);
CREATE INDEX session_record_session ON session_record (session);

-- Every session anything is known of. body is what its records make together; absent where it was
-- removed, or only holds are known.
CREATE TABLE session (
    id         INTEGER PRIMARY KEY,
    chart      INTEGER NOT NULL REFERENCES chart (id),
    key        TEXT NOT NULL,
    started_ms INTEGER,
    day        TEXT,
    body       TEXT,
    UNIQUE (chart, key)
);
CREATE INDEX session_time ON session (chart, day, started_ms, key) WHERE body IS NOT NULL;

CREATE TABLE hold (
    chart      INTEGER NOT NULL REFERENCES chart (id),
    hold_id    TEXT NOT NULL,
    session    INTEGER NOT NULL REFERENCES session (id),
    step       TEXT NOT NULL,
    side       TEXT NOT NULL,
    set_n      INTEGER NOT NULL,
    rep        INTEGER NOT NULL,
    exercise   TEXT NOT NULL,
    routine    TEXT,
    day        TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    held_ms    INTEGER NOT NULL,
    counts     INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (chart, hold_id)
);
CREATE INDEX hold_time ON hold (chart, day, started_ms, hold_id);
CREATE INDEX hold_exercise ON hold (chart, exercise, day, started_ms, hold_id);
CREATE INDEX hold_key ON hold (session, step, side, set_n);

-- Holds of which everything was removed: so that what was recorded can still be shown.
CREATE TABLE gone (
    chart   INTEGER NOT NULL REFERENCES chart (id),
    hold_id TEXT NOT NULL,
    session INTEGER NOT NULL REFERENCES session (id),
    step    TEXT NOT NULL,
    side    TEXT NOT NULL,
    set_n   INTEGER NOT NULL,
    rep     INTEGER NOT NULL,
    PRIMARY KEY (chart, hold_id)
) WITHOUT ROWID;
CREATE INDEX gone_key ON gone (session, step, side, set_n);

-- Self-tests, ticks of habits and events, one row a record. about is the test, the habit, or run, walk,
-- pain; stands is 0 for what was taken back, and for the same record once more.
CREATE TABLE day_record (
    doc    INTEGER NOT NULL REFERENCES doc (id),
    kind   TEXT NOT NULL,
    id     TEXT NOT NULL,
    v      INTEGER NOT NULL,
    chart  INTEGER NOT NULL REFERENCES chart (id),
    about  TEXT NOT NULL,
    side   TEXT NOT NULL,
    day    TEXT NOT NULL,
    at_ms  INTEGER NOT NULL,
    stands INTEGER NOT NULL,
    body   TEXT NOT NULL,
    outbox INTEGER,
    entry  INTEGER,
    PRIMARY KEY (doc, kind, id, v)
);
CREATE INDEX day_record_id ON day_record (chart, id);
CREATE INDEX day_record_about ON day_record (chart, kind, about, day, at_ms) WHERE stands = 1;
CREATE INDEX day_record_day ON day_record (chart, day, at_ms) WHERE stands = 1;

CREATE TABLE routine (
    chart    INTEGER NOT NULL REFERENCES chart (id),
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (chart, id)
);

-- Records of documents that do not read: kept where they are, shown by doctor.
CREATE TABLE unreadable (
    doc    INTEGER NOT NULL REFERENCES doc (id),
    key    TEXT NOT NULL,
    v      INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (doc, key, v)
);
