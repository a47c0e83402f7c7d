-- ARGV: id, reporter, the report.
local job = read(ARGV[1])
if not job or not job.published or job.hidden == '1' then return 0 end
redis.call('HSETNX', key('reports', job.id), ARGV[2], ARGV[3])
return redis.call('HLEN', key('reports', job.id))
