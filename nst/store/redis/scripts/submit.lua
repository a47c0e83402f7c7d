-- ARGV: quota (uploads, active, queued), the beginning of the last minute, when uploads are forgotten, the record's fields and values.
-- Answers {'stored', record}, {'known', record} or {'refused', load}.
local job = table_of({unpack(ARGV, 6)})
local known = redis.call('HGET', key('tokens', job.owner), job.token)
if known then return {'known', record(known)} end

local load = load_of(job.owner, ARGV[4])
for i = 1, 3 do
  if load[i] >= tonumber(ARGV[i]) then return {'refused', load} end
end

local clock = tonumber(redis.call('HGET', key('totals'), 'clock') or 0)
local last = redis.call('ZRANGE', key('active', job.owner), -1, -1, 'WITHSCORES')[2]
job.turn = exact(math.max(clock, tonumber(last or 0)) + job.cost)
redis.call('HSET', key('job', job.id), 'turn', job.turn, unpack(ARGV, 6))
put_in(job)

redis.call('HSET', key('tokens', job.owner), job.token, job.id)
redis.call('ZREMRANGEBYSCORE', key('uploads', job.owner), '-inf', ARGV[5])
redis.call('ZADD', key('uploads', job.owner), job.created, job.id)
redis.call('EXPIRE', key('uploads', job.owner), 3600)
ring(job.lane)
return {'stored', record(job.id)}
