CREATE TABLE webhooks (
    job_id TEXT PRIMARY KEY,
    free_from REAL NOT NULL, -- a sender that holds it has it until then
    webhook TEXT NOT NULL
);

CREATE INDEX webhooks_by_time ON webhooks (free_from, job_id);
