-- ARGV: job.
redis.call('HDEL', key('webhooks'), ARGV[1])
redis.call('ZREM', key('webhooks', 'free'), ARGV[1])
