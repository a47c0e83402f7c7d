-- ARGV: job, now, when it is free again. Answers the webhook, or nothing when there is none or another sender has it.
local free = redis.call('ZSCORE', key('webhooks', 'free'), ARGV[1])
if not free or tonumber(free) > tonumber(ARGV[2]) then return nil end
redis.call('ZADD', key('webhooks', 'free'), ARGV[3], ARGV[1])
return redis.call('HGET', key('webhooks'), ARGV[1])
