-- The relay's store, schema 1. Everything in an entry's body is sealed; membership is readable and signed.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- An account is a space too: its number is the account's number.
CREATE TABLE space (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    membership INTEGER NOT NULL DEFAULT 0,   -- sequence of the newest membership entry
    checkpoint INTEGER,                      -- sequence of the newest checkpoint entry
    checkpoint_at INTEGER,                   -- the position it speaks of
    restored INTEGER                         -- the head that the backup had, in a restored store
);

-- The verifier's state at `seq`; entries after it are replayed. Apart from `space`, because it is large.
CREATE TABLE snapshot (
    space INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    state BLOB NOT NULL
);

CREATE TABLE device (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    account INTEGER NOT NULL
);

-- `place` is space << 32 | sequence: one B-tree in log order. The body stands last, so that reading the
-- rest of a row does not touch its overflow pages. A NULL body was covered by a pack and dropped.
CREATE TABLE entry (
    place INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    running BLOB NOT NULL,
    author INTEGER NOT NULL,                 -- device
    counter INTEGER NOT NULL,
    mark INTEGER NOT NULL,                   -- kind << 4 | class
    covered_by INTEGER,                      -- place of the pack
    body BLOB
);
-- Finds a duplicate: an author's counter rises, so only a counter that is not new needs a look.
CREATE INDEX entry_by_author ON entry (author, counter);
-- The membership of a space without what lies between.
CREATE INDEX entry_membership ON entry (place) WHERE mark = 0;
-- What may be dropped once a checkpoint stands above it.
CREATE INDEX entry_superseded ON entry (covered_by) WHERE covered_by IS NOT NULL AND body IS NOT NULL;

-- When a membership entry was taken, by the relay's clock.
CREATE TABLE noted (
    place INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL
);

CREATE TABLE pending (
    place INTEGER PRIMARY KEY,               -- of the pack
    since_ms INTEGER NOT NULL
);

-- Stored bytes of an account in a space.
CREATE TABLE share (
    space INTEGER NOT NULL,
    account INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (space, account)
) WITHOUT ROWID;

CREATE TABLE feed (
    account INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL
);

CREATE TABLE account_space (
    account INTEGER NOT NULL,
    space INTEGER NOT NULL,
    feed INTEGER NOT NULL,                   -- the account's feed when the space last moved
    PRIMARY KEY (account, space)
) WITHOUT ROWID;

CREATE TABLE cursor (
    space INTEGER NOT NULL,
    device INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    signed BLOB NOT NULL,
    at_ms INTEGER NOT NULL,                  -- when it was taken, by the relay's clock
    PRIMARY KEY (space, device)
) WITHOUT ROWID;

CREATE TABLE account_cursor (
    account INTEGER NOT NULL,
    space INTEGER NOT NULL,
    device INTEGER NOT NULL,
    feed INTEGER NOT NULL,                   -- the account's feed when the cursor last moved
    PRIMARY KEY (account, space, device)
) WITHOUT ROWID;
CREATE INDEX account_cursor_by_feed ON account_cursor (account, feed);

-- A token is kept as its hash: a stolen disk signs nobody in.
CREATE TABLE token (
    hash BLOB PRIMARY KEY,
    device INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX token_by_device ON token (device, expires_ms);

CREATE TABLE invite_wrap (
    account INTEGER NOT NULL,
    invite BLOB NOT NULL,
    class INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (account, invite, class)
) WITHOUT ROWID;

CREATE TABLE join_answer (
    device BLOB NOT NULL,
    space INTEGER NOT NULL,
    admission BLOB NOT NULL,
    seq INTEGER NOT NULL,
    keys BLOB NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (device, space)
) WITHOUT ROWID;

-- Whose membership an account may read, because the other belongs to a chart of its own or once did: its feed
-- when that moved last.
CREATE TABLE acquaintance (
    account INTEGER NOT NULL,
    other INTEGER NOT NULL,
    feed INTEGER NOT NULL,
    PRIMARY KEY (account, other)
) WITHOUT ROWID;
CREATE INDEX acquaintance_of ON acquaintance (other, account);

-- Charts that an account belonged to: its feed when it ceased to.
CREATE TABLE gone (
    account INTEGER NOT NULL,
    space INTEGER NOT NULL,
    feed INTEGER NOT NULL,
    PRIMARY KEY (account, space)
) WITHOUT ROWID;
