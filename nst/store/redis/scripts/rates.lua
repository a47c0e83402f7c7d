-- Recent events of a key. Each part is one script, with the names of its ARGV; `records.lua` is put before it.

--- take_place: key, event, most, seconds, now. Returns 1 if the event is recorded, or 0
local events = key('rates', ARGV[1])
redis.call('ZREMRANGEBYSCORE', events, '-inf', exact(ARGV[5] - ARGV[4]))
if not redis.call('ZSCORE', events, ARGV[2]) then
  if redis.call('ZCARD', events) >= tonumber(ARGV[3]) then return 0 end
  redis.call('ZADD', events, ARGV[5], ARGV[2])
end
redis.call('EXPIRE', events, math.ceil(ARGV[4]) + 1)
return 1
