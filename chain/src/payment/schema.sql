-- Payments and refunds, and every state they were in. The triggers write the states, so no path can change a status
-- without leaving its trace.

CREATE TABLE IF NOT EXISTS payments (
    position       INTEGER PRIMARY KEY,
    payment_id     TEXT NOT NULL UNIQUE,
    key            TEXT NOT NULL,
    n              INTEGER NOT NULL,
    merchant       TEXT NOT NULL,
    payer          TEXT NOT NULL,
    payee          TEXT NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount > 0),
    currency       TEXT NOT NULL,
    method         TEXT NOT NULL,
    channel        TEXT,
    channel_amount INTEGER,
    channel_txn    TEXT,
    status         TEXT NOT NULL,
    version        INTEGER NOT NULL,
    cause          TEXT NOT NULL,
    reason         TEXT,
    -- Whether it was taken in by release v2, which has a risk check before the routing.
    is_screened    INTEGER NOT NULL,
    told           INTEGER NOT NULL DEFAULT FALSE,
    mark           TEXT,
    trace          TEXT,
    created_us     INTEGER NOT NULL,
    updated_us     INTEGER NOT NULL,
    UNIQUE (key, merchant, n)
);

CREATE TABLE IF NOT EXISTS refunds (
    position       INTEGER PRIMARY KEY,
    refund_id      TEXT NOT NULL UNIQUE,
    key            TEXT NOT NULL,
    n              INTEGER NOT NULL,
    payment_id     TEXT NOT NULL REFERENCES payments (payment_id),
    merchant       TEXT NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount > 0),
    currency       TEXT NOT NULL,
    channel        TEXT,
    channel_txn    TEXT,
    status         TEXT NOT NULL,
    version        INTEGER NOT NULL,
    cause          TEXT NOT NULL,
    reason         TEXT,
    told           INTEGER NOT NULL DEFAULT FALSE,
    mark           TEXT,
    trace          TEXT,
    created_us     INTEGER NOT NULL,
    updated_us     INTEGER NOT NULL,
    UNIQUE (key, merchant, n)
);

CREATE INDEX IF NOT EXISTS refunds_of_payment ON refunds (payment_id);
-- Few at any time: what is not final, or final and not yet handed to the notification role.
CREATE INDEX IF NOT EXISTS payments_untold ON payments (position) WHERE NOT told;
CREATE INDEX IF NOT EXISTS refunds_untold ON refunds (position) WHERE NOT told;

CREATE TABLE IF NOT EXISTS states (
    seq     INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    state   TEXT NOT NULL,
    cause   TEXT NOT NULL,
    mark    TEXT,
    at_us   INTEGER NOT NULL
);

-- A payment is inserted as SUBMITTED (version 3) or, with no channel for it, as FAILED (version 2): the states it went
-- through on the way are written with it. A screened payment has one state more on the way, so its versions are one higher.
CREATE TRIGGER IF NOT EXISTS payment_is_created AFTER INSERT ON payments BEGIN
    INSERT INTO states (subject, version, state, cause, mark, at_us)
        VALUES (NEW.payment_id, 1, 'CREATED', CASE WHEN NEW.is_screened THEN 'screened request' ELSE 'request' END,
                NEW.mark, NEW.created_us);
    INSERT INTO states (subject, version, state, cause, mark, at_us)
        SELECT NEW.payment_id, 2, 'RISK_CHECKED', 'risk check', NEW.mark, NEW.created_us WHERE NEW.is_screened;
    INSERT INTO states (subject, version, state, cause, mark, at_us)
        SELECT NEW.payment_id, 2 + NEW.is_screened, 'ROUTED', 'route', NEW.mark, NEW.created_us
        WHERE NEW.version = 3 + NEW.is_screened;
    INSERT INTO states (subject, version, state, cause, mark, at_us)
        VALUES (NEW.payment_id, NEW.version, NEW.status, NEW.cause, NEW.mark, NEW.created_us);
END;

CREATE TRIGGER IF NOT EXISTS payment_changes AFTER UPDATE OF status ON payments BEGIN
    INSERT INTO states (subject, version, state, cause, mark, at_us)
        VALUES (NEW.payment_id, NEW.version, NEW.status, NEW.cause, NEW.mark, NEW.updated_us);
END;

-- A refund is inserted as SUBMITTED (version 2).
CREATE TRIGGER IF NOT EXISTS refund_is_created AFTER INSERT ON refunds BEGIN
    INSERT INTO states (subject, version, state, cause, mark, at_us)
        VALUES (NEW.refund_id, 1, 'CREATED', 'request', NEW.mark, NEW.created_us);
    INSERT INTO states (subject, version, state, cause, mark, at_us)
        VALUES (NEW.refund_id, NEW.version, NEW.status, NEW.cause, NEW.mark, NEW.created_us);
END;

CREATE TRIGGER IF NOT EXISTS refund_changes AFTER UPDATE OF status ON refunds BEGIN
    INSERT INTO states (subject, version, state, cause, mark, at_us)
        VALUES (NEW.refund_id, NEW.version, NEW.status, NEW.cause, NEW.mark, NEW.updated_us);
END;

CREATE TRIGGER IF NOT EXISTS state_stands BEFORE UPDATE ON states BEGIN
    SELECT RAISE(ABORT, 'states are never changed');
END;
