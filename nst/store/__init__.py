"""Jobs, their queue, the feed and the pictures: ports, the embedded adapters (SQLite and files), and fakes in memory."""
