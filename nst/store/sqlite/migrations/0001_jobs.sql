-- Each index is for one query, after which it is named.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    token TEXT NOT NULL,
    params TEXT NOT NULL,
    styles TEXT NOT NULL,
    lane TEXT NOT NULL,
    cost REAL NOT NULL,
    public INTEGER NOT NULL,
    input_key TEXT NOT NULL,
    output_key TEXT,
    preview_key TEXT,
    size_bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    returns INTEGER NOT NULL DEFAULT 0,
    turn REAL NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    fraction REAL NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT '',
    seconds_left REAL,
    recipe TEXT,
    error TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    published REAL,
    hidden INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease_until REAL,
    UNIQUE (owner, token)
) STRICT;

CREATE INDEX jobs_in_line ON jobs (turn, created, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_of_owner ON jobs (owner, created DESC, id DESC);
CREATE INDEX jobs_active_of_owner ON jobs (owner, turn) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_private_by_end ON jobs (finished, id) WHERE public = 0 AND finished IS NOT NULL;
CREATE INDEX jobs_succeeded_by_end ON jobs (finished, lane) WHERE state = 'succeeded';
CREATE INDEX jobs_by_state ON jobs (state);

-- The virtual time, and the bytes of all records, which every submission reads. A job's virtual finish time is its `turn`.
CREATE TABLE totals (clock REAL NOT NULL, size_bytes INTEGER NOT NULL) STRICT;
INSERT INTO totals VALUES (0, 0);
CREATE TRIGGER count_added AFTER INSERT ON jobs BEGIN UPDATE totals SET size_bytes = size_bytes + new.size_bytes; END;
CREATE TRIGGER count_changed AFTER UPDATE OF size_bytes ON jobs BEGIN
    UPDATE totals SET size_bytes = size_bytes + new.size_bytes - old.size_bytes; END;
CREATE TRIGGER count_removed AFTER DELETE ON jobs BEGIN UPDATE totals SET size_bytes = size_bytes - old.size_bytes; END;

-- Separate from the jobs, since deleted jobs count, too.
CREATE TABLE submissions (owner TEXT NOT NULL, at REAL NOT NULL) STRICT;
CREATE INDEX submissions_of_owner ON submissions (owner, at);
CREATE INDEX submissions_by_time ON submissions (at);

-- Published jobs, once for each of their styles and once with the style '': every page is one range of the key.
CREATE TABLE feed (
    style TEXT NOT NULL,
    published REAL NOT NULL,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (style, published, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_of_job ON feed (job_id);

CREATE TABLE reports (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    reporter TEXT NOT NULL,
    reason TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (job_id, reporter)
) STRICT, WITHOUT ROWID;

CREATE TABLE hints (id INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL, at REAL NOT NULL) STRICT;

CREATE TABLE workers (name TEXT PRIMARY KEY, started REAL NOT NULL, seen REAL NOT NULL, job_id TEXT) STRICT, WITHOUT ROWID;
