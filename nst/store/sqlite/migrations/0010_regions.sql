-- Regions with masks and styles of their own, as a JSON list (`nst/domain/regions.py`).

ALTER TABLE jobs ADD COLUMN regions TEXT;
