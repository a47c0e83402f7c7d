-- ARGV: id, attempt, end of the lease.
local job = held(ARGV[1], ARGV[2])
if not job then return 'lost' end
redis.call('HSET', key('job', job.id), 'lease_until', ARGV[3])
redis.call('ZADD', key('running'), ARGV[3], job.id)
return job.cancel_requested == '1' and 'cancel' or 'held'
