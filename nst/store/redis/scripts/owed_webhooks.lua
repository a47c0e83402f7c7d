-- ARGV: now, how many. Answers the webhooks that are free, the oldest first.
local free = redis.call('ZRANGEBYSCORE', key('webhooks', 'free'), '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #free == 0 then return {} end
return redis.call('HMGET', key('webhooks'), unpack(free))
