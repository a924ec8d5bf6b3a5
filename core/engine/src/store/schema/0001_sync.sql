-- The logs as far as this device knows them, the keys to read them, and what is on its way.

-- A space this device takes part in. state is what its log adds up to at the last entry applied.
-- counter is the highest this device has used in it, prev its last entry that a relay acknowledged.
-- before is the last state known when a log is read again from its start.
-- starting is the checkpoint entry a start from nothing is verified against, while it is paged,
-- start_at its own place, and start_seq the last of the retained entries that came.
-- cursor_seq is how far the relay knows this device to be, above is where the relay's log ended when
-- it was last heard. doubted is set when the relay's store began another life, until this log was
-- compared with what is left of it: a log that ends earlier is no alarm then.
-- gone is set when the relay says that the account belongs to the chart no more; it erases nothing. shown
-- is a set of classes, one bit each: those the log was shown whole in when it was last read to its end.
CREATE TABLE space (
    no           INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE,
    state        BLOB,
    before       BLOB,
    counter      INTEGER NOT NULL DEFAULT 0,
    prev         BLOB,
    prev_counter INTEGER NOT NULL DEFAULT 0,
    starting     BLOB,
    start_at     INTEGER,
    start_seq    INTEGER,
    cursor_seq   INTEGER NOT NULL DEFAULT 0,
    above        INTEGER NOT NULL DEFAULT 0,
    doubted      INTEGER NOT NULL DEFAULT 0,
    gone         INTEGER NOT NULL DEFAULT 0,
    shown        INTEGER
);

-- The accounts of others who share a chart with this one or once did: what the membership entries that
-- the relay showed add up to. doubted is set when the relay's store began another life since.
CREATE TABLE account (
    id      BLOB PRIMARY KEY NOT NULL,
    state   BLOB NOT NULL,
    doubted INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- One place of a log. An entry of which only the hash is known has no kind; bytes go once a pack
-- covers it. noted_ms is when the relay says that it took a membership entry. standing: 0 applied, 1 waits for its key, 2 ignored, 3 quarantined, 4 came before a change
-- that it follows.
CREATE TABLE entry (
    space    INTEGER NOT NULL REFERENCES space (no),
    seq      INTEGER NOT NULL,
    hash     BLOB NOT NULL,
    running  BLOB,
    kind     INTEGER,
    class    INTEGER,
    author   BLOB,
    doc      TEXT,
    covered  INTEGER,
    standing INTEGER NOT NULL DEFAULT 0,
    noted_ms INTEGER,
    bytes    BLOB,
    PRIMARY KEY (space, seq)
);
CREATE UNIQUE INDEX entry_hash ON entry (space, hash);
CREATE INDEX entry_live ON entry (space, doc, seq) WHERE covered IS NULL AND doc IS NOT NULL;
CREATE INDEX entry_membership ON entry (space, seq) WHERE kind = 0;
CREATE INDEX entry_waiting ON entry (space, seq) WHERE standing = 1;
CREATE INDEX entry_early ON entry (space, seq) WHERE standing = 4;

-- Entries this device has signed and not seen in the log, in the order they are to be sent. The bytes
-- are kept as they were first sent, so that sending again is harmless. seq is where the relay put it.
-- held is 1 for what was in a log before and is given back as it is to a relay that lost it, and 2 where
-- the relay does not take it as it is and its document goes back in a pack; own is 0 where it is another's
-- entry. Those that have a turn go first, in its order, even when they had to be
-- sealed anew: a document's later change must never overtake an earlier one.
CREATE TABLE sealed (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    space   BLOB NOT NULL,
    hash    BLOB NOT NULL UNIQUE,
    kind    INTEGER NOT NULL,
    doc     TEXT,
    bytes   BLOB NOT NULL,
    wraps   BLOB,
    seq     INTEGER,
    own     INTEGER NOT NULL DEFAULT 1,
    held    INTEGER NOT NULL DEFAULT 0,
    turn    INTEGER,
    tries   INTEGER NOT NULL DEFAULT 0,
    refused TEXT
);
CREATE INDEX sealed_waiting ON sealed (id) WHERE seq IS NULL AND refused IS NULL;
CREATE INDEX sealed_refused ON sealed (space) WHERE refused IS NOT NULL;

-- Account secrets (class 1) and class keys, sealed under the key of the platform's key store.
CREATE TABLE secret (
    space  BLOB NOT NULL,
    class  INTEGER NOT NULL,
    epoch  INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (space, class, epoch)
) WITHOUT ROWID;

-- Every author's newest attestation of a document, for packs.
CREATE TABLE tip (
    space       BLOB NOT NULL,
    doc         TEXT NOT NULL,
    actor       BLOB NOT NULL,
    author      BLOB NOT NULL,
    attestation BLOB NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (space, doc, actor)
) WITHOUT ROWID;

-- What was not taken, and why. doc and seq are absent where they are not known.
CREATE TABLE quarantine (
    id     INTEGER PRIMARY KEY,
    space  BLOB NOT NULL,
    seq    INTEGER,
    hash   BLOB NOT NULL,
    doc    TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL,
    at_ms  INTEGER NOT NULL,
    UNIQUE (space, hash, doc)
);

-- What a person wants of the membership and is not in force yet. The statement is signed only when it
-- is sent, and signed again when another came first.
CREATE TABLE intent (
    id         INTEGER PRIMARY KEY,
    device     BLOB NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL
);

-- Something is wrong that a person should know of, until it no longer is.
CREATE TABLE alarm (
    code  TEXT NOT NULL,
    space BLOB NOT NULL,
    text  TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (code, space)
) WITHOUT ROWID;

-- The relay in use. One row. lives counts the generations met.
CREATE TABLE relay (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    url         TEXT NOT NULL,
    generation  BLOB,
    lives       INTEGER NOT NULL DEFAULT 0,
    feed        INTEGER NOT NULL DEFAULT 0,
    registered  INTEGER NOT NULL DEFAULT 0,
    token       BLOB,
    token_boot  TEXT,
    token_until INTEGER,
    full_ms     INTEGER,
    ahead_ms    INTEGER NOT NULL DEFAULT 0,
    accounts_feed INTEGER NOT NULL DEFAULT 0
);
