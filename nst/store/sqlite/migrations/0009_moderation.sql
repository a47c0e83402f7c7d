-- What an administrator has let in again is not hidden by reports.

ALTER TABLE jobs ADD COLUMN cleared INTEGER NOT NULL DEFAULT 0;

-- Ids of deleted jobs stay taken, so that no link to one leads to another. The last 100,000 are remembered.

CREATE TABLE deleted_jobs (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
CREATE TRIGGER remember_deleted AFTER DELETE ON jobs BEGIN
    INSERT OR IGNORE INTO deleted_jobs (id) VALUES (old.id);
    DELETE FROM deleted_jobs WHERE number <= (SELECT max(number) FROM deleted_jobs) - 100000;
END;
