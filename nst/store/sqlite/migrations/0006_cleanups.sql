CREATE TABLE cleanups (
    key TEXT NOT NULL,
    token TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (key, token)
);

CREATE INDEX cleanups_by_time ON cleanups (at);
