-- Which channels may carry which payments.
CREATE TABLE IF NOT EXISTS routes (
    method  TEXT NOT NULL,
    channel TEXT NOT NULL,
    PRIMARY KEY (method, channel)
);
