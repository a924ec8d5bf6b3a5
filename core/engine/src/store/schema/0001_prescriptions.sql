-- Prescriptions as they were said, one row each; part of the projection. They are never changed, so v, which
-- tells versions of other records apart, is always 0. body is the text that the id follows from.
CREATE TABLE prescription (
    doc         INTEGER NOT NULL REFERENCES doc (id),
    id          TEXT NOT NULL,
    v           INTEGER NOT NULL,
    chart       INTEGER NOT NULL REFERENCES chart (id),
    routine     TEXT NOT NULL,
    proposed_ms INTEGER NOT NULL,
    body        TEXT NOT NULL,
    outbox      INTEGER,
    entry       INTEGER,
    PRIMARY KEY (doc, id, v)
);
CREATE INDEX prescription_chart ON prescription (chart, proposed_ms, id);
