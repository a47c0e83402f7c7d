-- ARGV: job, now, the webhook.
redis.call('HSET', key('webhooks'), ARGV[1], ARGV[3])
redis.call('ZADD', key('webhooks', 'free'), ARGV[2], ARGV[1])
