-- Seconds and microseconds.
return redis.call('TIME')
