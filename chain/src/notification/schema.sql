-- Where merchants want to be told, and what they were told.

CREATE TABLE IF NOT EXISTS endpoints (
    merchant TEXT PRIMARY KEY,
    url      TEXT NOT NULL,
    secret   TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS notices (
    seq          INTEGER PRIMARY KEY,
    subject      TEXT NOT NULL,
    merchant     TEXT NOT NULL,
    status       TEXT NOT NULL,
    amount       INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    body         TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    given_up     INTEGER NOT NULL,
    mark         TEXT,
    trace        TEXT,
    first_us     INTEGER NOT NULL,
    last_us      INTEGER NOT NULL,
    UNIQUE (subject, status)
);

-- Few at any time: what is still to be told.
CREATE INDEX IF NOT EXISTS notices_open ON notices (seq) WHERE NOT acknowledged AND NOT given_up;
