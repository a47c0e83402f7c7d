-- ARGV: name, seen, when the silent are forgotten, what it reports.
for _, name in ipairs(redis.call('ZRANGEBYSCORE', key('seen'), '-inf', ARGV[3])) do
  redis.call('ZREM', key('seen'), name)
  redis.call('HDEL', key('workers'), name)
end
redis.call('ZADD', key('seen'), ARGV[2], ARGV[1])
redis.call('HSET', key('workers'), ARGV[1], ARGV[4])
return 1
