-- What banks and wallets told us unasked: one row for each order and status, with how often it came.
CREATE TABLE IF NOT EXISTS callbacks (
    channel  TEXT NOT NULL,
    subject  TEXT NOT NULL,
    status   TEXT NOT NULL,
    txn      TEXT,
    amount   INTEGER NOT NULL,
    n_times  INTEGER NOT NULL,
    mark     TEXT,
    first_us INTEGER NOT NULL,
    last_us  INTEGER NOT NULL,
    PRIMARY KEY (channel, subject, status)
);
