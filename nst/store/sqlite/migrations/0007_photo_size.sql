-- Width and height of the photo as stored, in pixels.

ALTER TABLE jobs ADD COLUMN width INTEGER;
ALTER TABLE jobs ADD COLUMN height INTEGER;
