-- What expires is what was not published: of public jobs those, too, that failed or were cancelled.

DROP INDEX jobs_private_by_end;
CREATE INDEX jobs_unpublished_by_end ON jobs (finished, id) WHERE published IS NULL AND finished IS NOT NULL;
