-- What paintings take on each worker's machine, as JSON: by mode and preset, in seconds. A table of its own, since processes of earlier versions
-- write rows of `workers` with its columns of then.

CREATE TABLE worker_seconds (name TEXT PRIMARY KEY, seconds TEXT NOT NULL) STRICT, WITHOUT ROWID;
