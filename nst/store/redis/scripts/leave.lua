-- ARGV: name.
redis.call('ZREM', key('seen'), ARGV[1])
redis.call('HDEL', key('workers'), ARGV[1])
redis.call('DEL', key('claim', ARGV[1]))
return 1
