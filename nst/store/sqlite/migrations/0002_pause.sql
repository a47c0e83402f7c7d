ALTER TABLE totals ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;

CREATE INDEX jobs_dead_by_end ON jobs (finished DESC, id DESC) WHERE state = 'failed' AND attempt - returns >= max_attempts;
