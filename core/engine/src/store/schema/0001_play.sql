-- The session being played on this device, as the player put it away last. It never travels.
-- over says whether the session ended: then only late ratings could still come.
CREATE TABLE play_checkpoint (
    space    BLOB PRIMARY KEY NOT NULL,
    over     INTEGER NOT NULL,
    saved_ms INTEGER NOT NULL,
    body     TEXT NOT NULL
) WITHOUT ROWID;
