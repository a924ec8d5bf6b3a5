-- What progress is made of: totals of the holds, kept in the transaction that changes them and rebuilt
-- with the rest of the projection. Reading them costs by the days looked at, not by the history.

-- One set of a step on one side of a session on one day: the holds that count, added up.
-- eased_ms are lengths joined by spaces, the shortest first.
CREATE TABLE set_total (
    chart          INTEGER NOT NULL,
    day            TEXT NOT NULL,
    session        INTEGER NOT NULL,
    step           TEXT NOT NULL,
    side           TEXT NOT NULL,
    set_n          INTEGER NOT NULL,
    routine        TEXT,
    exercise       TEXT NOT NULL,
    holds          INTEGER NOT NULL,
    held_ms        INTEGER NOT NULL,
    capped_ms      INTEGER NOT NULL,
    spared_ms      INTEGER NOT NULL,
    reps           INTEGER NOT NULL,
    paused_ms      INTEGER NOT NULL,
    eased_ms       TEXT NOT NULL,
    before_ms      INTEGER,
    before_nrs     INTEGER,
    after_ms       INTEGER,
    after_nrs      INTEGER,
    first_ms       INTEGER NOT NULL,
    first_offset_s INTEGER NOT NULL,
    first_zone     TEXT NOT NULL,
    last_ms        INTEGER NOT NULL,
    last_offset_s  INTEGER NOT NULL,
    last_zone      TEXT NOT NULL,
    PRIMARY KEY (chart, day, session, step, side, set_n)
) WITHOUT ROWID;

-- What a session asked for as it was played. items is JSON.
CREATE TABLE session_asked (
    chart   INTEGER NOT NULL,
    day     TEXT NOT NULL,
    session INTEGER NOT NULL,
    routine TEXT,
    items   TEXT NOT NULL,
    PRIMARY KEY (chart, day, session)
) WITHOUT ROWID;

-- The days on which anything was done, with the first and last moment of each.
CREATE TABLE active_day (
    chart          INTEGER NOT NULL,
    day            TEXT NOT NULL,
    first_ms       INTEGER NOT NULL,
    first_offset_s INTEGER NOT NULL,
    first_zone     TEXT NOT NULL,
    last_ms        INTEGER NOT NULL,
    last_offset_s  INTEGER NOT NULL,
    last_zone      TEXT NOT NULL,
    PRIMARY KEY (chart, day)
) WITHOUT ROWID;

-- The same days by month, one bit each from the first of the month on: years of them are a few rows.
CREATE TABLE active_month (
    chart INTEGER NOT NULL,
    month TEXT NOT NULL,
    days  INTEGER NOT NULL,
    PRIMARY KEY (chart, month)
) WITHOUT ROWID;
