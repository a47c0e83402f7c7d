-- Whether there are thumbnails of the photo and the painting.

ALTER TABLE jobs ADD COLUMN has_thumbnails INTEGER NOT NULL DEFAULT 0;
