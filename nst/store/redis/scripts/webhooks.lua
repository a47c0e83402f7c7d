-- Pending webhooks. Each part is one script, with the names of its ARGV; `records.lua` is put before it.

--- put_webhook: job, now, the webhook
redis.call('HSET', key('webhooks'), ARGV[1], ARGV[3])
redis.call('ZADD', key('webhooks', 'free'), ARGV[2], ARGV[1])

--- pending_webhooks: now, limit. Returns the webhooks that no sender holds, the oldest first
local free = redis.call('ZRANGEBYSCORE', key('webhooks', 'free'), '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #free == 0 then return {} end
return redis.call('HMGET', key('webhooks'), unpack(free))

--- claim_webhook: job, now, end of the lease. Returns the webhook, or nothing when there is none or another sender has it
local free = redis.call('ZSCORE', key('webhooks', 'free'), ARGV[1])
if not free or tonumber(free) > tonumber(ARGV[2]) then return nil end
redis.call('ZADD', key('webhooks', 'free'), ARGV[3], ARGV[1])
return redis.call('HGET', key('webhooks'), ARGV[1])

--- settle_webhook: job
redis.call('HDEL', key('webhooks'), ARGV[1])
redis.call('ZREM', key('webhooks', 'free'), ARGV[1])
