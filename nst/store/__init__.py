"""Job records, queue, feed and pictures: ports/, and their adapters: sqlite/ with files.py, redis/, aws/."""
