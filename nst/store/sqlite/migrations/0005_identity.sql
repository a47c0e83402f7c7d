-- Which picture each style was when the job was submitted, as a JSON object by id; and the word for programs that a failure has.

ALTER TABLE jobs ADD COLUMN style_digests TEXT;
ALTER TABLE jobs ADD COLUMN error_code TEXT;
