-- The job whose painting is enlarged, and the key of the copy of that painting.

ALTER TABLE jobs ADD COLUMN parent TEXT;
ALTER TABLE jobs ADD COLUMN earlier_key TEXT;
