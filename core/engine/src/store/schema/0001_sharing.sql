-- What a person wants of a chart's membership and is not in force yet. Only the wish is kept; the statement is
-- signed when it is sent, and signed again when another came first. subject is the account, the invite, or the
-- chart itself; there is one wish of each.
CREATE TABLE wish (
    id         INTEGER PRIMARY KEY,
    chart      BLOB NOT NULL,
    subject    BLOB NOT NULL,
    what       TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (chart, subject)
);

-- Invites that this account is coming in with. secret is the invite's, sealed under the key of the platform's key
-- store; admission is sent again verbatim; keys is what the relay answered to it, sealed to the invite.
CREATE TABLE accepting (
    invite     BLOB PRIMARY KEY,
    chart      BLOB NOT NULL,
    secret     BLOB NOT NULL,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    admission  BLOB NOT NULL,
    keys       BLOB
) WITHOUT ROWID;

-- What members of charts said they want to be called when they came in; empty where it cannot be shown.
CREATE TABLE greeted (
    chart      BLOB NOT NULL,
    account    BLOB NOT NULL,
    invite     BLOB NOT NULL,
    name       TEXT NOT NULL,
    PRIMARY KEY (chart, account)
) WITHOUT ROWID;

-- Charts that have ended here. why: 0 an owner closed it, 1 this account left it and wanted its copy erased, 2 the
-- person erased what was left of it. entry is the owner's statement, verified when it was read. since_ms is when
-- this device learned of it, by the clock here. stage: 0 kept, to be exported, 1 being erased, 2 erased. A row is
-- never removed: whatever a relay shows later, what was erased does not come back.
CREATE TABLE tombstone (
    space    BLOB PRIMARY KEY NOT NULL,
    why      INTEGER NOT NULL,
    entry    BLOB,
    since_ms INTEGER NOT NULL,
    stage    INTEGER NOT NULL
) WITHOUT ROWID;
