-- ARGV: since when. What those have reported.
local found = {}
for i, name in ipairs(redis.call('ZRANGEBYSCORE', key('seen'), ARGV[1], '+inf')) do found[i] = redis.call('HGET', key('workers'), name) end
return found
