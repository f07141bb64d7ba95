-- The ledger's book. An entry is inserted by one statement; the triggers write its postings and move the balances in
-- the same transaction, so no path can do one without the others.

CREATE TABLE IF NOT EXISTS balances (
    position INTEGER PRIMARY KEY,
    account  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    currency TEXT NOT NULL,
    opening  INTEGER NOT NULL,
    balance  INTEGER NOT NULL,
    run      TEXT,
    UNIQUE (account, currency)
);

CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY,
    entry_id TEXT NOT NULL UNIQUE,
    subject  TEXT NOT NULL,
    debit    TEXT NOT NULL,
    credit   TEXT NOT NULL CHECK (credit <> debit),
    amount   INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    mark     TEXT,
    at_us    INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS postings (
    seq           INTEGER PRIMARY KEY,
    entry_id      TEXT NOT NULL,
    subject       TEXT NOT NULL,
    account       TEXT NOT NULL,
    side          TEXT NOT NULL,
    amount        INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    balance_after INTEGER NOT NULL,
    mark          TEXT,
    at_us         INTEGER NOT NULL
);

CREATE TRIGGER IF NOT EXISTS entry_is_posted AFTER INSERT ON entries BEGIN
    INSERT INTO balances (account, kind, currency, opening, balance)
        VALUES (NEW.debit, substr(NEW.debit, 1, instr(NEW.debit, ':') - 1), NEW.currency, 0, -NEW.amount)
        ON CONFLICT (account, currency) DO UPDATE SET balance = balance - NEW.amount;
    INSERT INTO postings (entry_id, subject, account, side, amount, currency, balance_after, mark, at_us)
        SELECT NEW.entry_id, NEW.subject, NEW.debit, 'debit', NEW.amount, NEW.currency, balance, NEW.mark, NEW.at_us
        FROM balances WHERE account = NEW.debit AND currency = NEW.currency;
    INSERT INTO balances (account, kind, currency, opening, balance)
        VALUES (NEW.credit, substr(NEW.credit, 1, instr(NEW.credit, ':') - 1), NEW.currency, 0, NEW.amount)
        ON CONFLICT (account, currency) DO UPDATE SET balance = balance + NEW.amount;
    INSERT INTO postings (entry_id, subject, account, side, amount, currency, balance_after, mark, at_us)
        SELECT NEW.entry_id, NEW.subject, NEW.credit, 'credit', NEW.amount, NEW.currency, balance, NEW.mark, NEW.at_us
        FROM balances WHERE account = NEW.credit AND currency = NEW.currency;
END;

CREATE TRIGGER IF NOT EXISTS posting_stands BEFORE UPDATE ON postings BEGIN
    SELECT RAISE(ABORT, 'postings are never changed');
END;
