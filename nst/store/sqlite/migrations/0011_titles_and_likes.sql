-- The owner's title of a painting, and the visitors who like it. The record and the feed have their number.

ALTER TABLE jobs ADD COLUMN title TEXT;
ALTER TABLE jobs ADD COLUMN likes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN likes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX feed_by_likes ON feed (style, likes, published, job_id);

CREATE TABLE likes (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (job_id, owner)
) STRICT, WITHOUT ROWID;

-- The words of the titles in the feed (`nst/domain/titles.py`), for search.

CREATE TABLE title_words (
    word TEXT NOT NULL,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (word, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX title_words_of_job ON title_words (job_id);
