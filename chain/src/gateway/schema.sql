-- Who may use the chain. Balances are the ledger's.
CREATE TABLE IF NOT EXISTS accounts (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    currency   TEXT NOT NULL,
    run        TEXT,
    secret     TEXT
) WITHOUT ROWID;
