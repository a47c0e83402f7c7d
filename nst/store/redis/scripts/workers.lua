-- The registry of workers, and the clock. Each part is one script, with the names of its ARGV; `records.lua` is put before it.

--- report_worker: name, now, when silent workers are removed, the report, measured durations
for _, name in ipairs(redis.call('ZRANGEBYSCORE', key('seen'), '-inf', ARGV[3])) do
  redis.call('ZREM', key('seen'), name)
  redis.call('HDEL', key('workers'), name)
  redis.call('HDEL', key('worker_seconds'), name)
end
redis.call('ZADD', key('seen'), ARGV[2], ARGV[1])
redis.call('HSET', key('workers'), ARGV[1], ARGV[4])
redis.call('HSET', key('worker_seconds'), ARGV[1], ARGV[5])
return 1

--- remove_worker: name
redis.call('ZREM', key('seen'), ARGV[1])
redis.call('HDEL', key('workers'), ARGV[1])
redis.call('HDEL', key('worker_seconds'), ARGV[1])
redis.call('DEL', key('claim', ARGV[1]))
return 1

--- present_workers: since when. Returns reports, and measured durations in the same order
local found, seconds = {}, {}
for i, name in ipairs(redis.call('ZRANGEBYSCORE', key('seen'), ARGV[1], '+inf')) do
  found[i] = redis.call('HGET', key('workers'), name)
  seconds[i] = redis.call('HGET', key('worker_seconds'), name) or '{}'
end
return {found, seconds}

--- time
-- Returns seconds and microseconds. A script, since in a cluster a script goes to the primary that has the keys.
return redis.call('TIME')
