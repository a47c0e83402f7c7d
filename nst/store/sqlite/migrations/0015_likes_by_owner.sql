-- The paintings that a visitor likes, those liked last in front.

CREATE INDEX likes_by_owner ON likes (owner, at, job_id);
