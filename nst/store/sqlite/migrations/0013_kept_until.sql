-- When a private painting expires whose owner keeps it longer.

ALTER TABLE jobs ADD COLUMN kept_until REAL;
DROP INDEX jobs_unpublished_by_end;
CREATE INDEX jobs_unpublished_by_end ON jobs (finished, id) WHERE published IS NULL AND finished IS NOT NULL AND kept_until IS NULL;
CREATE INDEX jobs_kept_until ON jobs (kept_until, id) WHERE published IS NULL AND kept_until IS NOT NULL;
