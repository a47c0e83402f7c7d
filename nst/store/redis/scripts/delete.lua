-- ARGV: id.
local job = read(ARGV[1])
if not job then return 0 end
take_out(job)
redis.call('HDEL', key('tokens', job.owner), job.token)
redis.call('DEL', key('job', job.id), key('reports', job.id))
return 1
