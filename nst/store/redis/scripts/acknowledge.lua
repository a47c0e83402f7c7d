-- ARGV: id, attempt. The lease itself went with the record's end: what is left is who had it.
local job = read(ARGV[1])
if job and job.finished and job.attempt == ARGV[2] then redis.call('HDEL', key('job', job.id), 'worker', 'lease_until', 'ended_by') end
return 1
