-- Reports on published jobs, and hiding them. Each part is one script, with the names of its ARGV; `records.lua` is put before it.

--- report: id, reporter, the report. Returns the number of reports
local job = read(ARGV[1])
if not job or not job.published or job.hidden == '1' then return 0 end
redis.call('HSETNX', key('reports', job.id), ARGV[2], ARGV[3])
return redis.call('HLEN', key('reports', job.id))

--- hide: id, 1 or 0
local job = read(ARGV[1])
if not job then return 0 end
change(job, {hidden = ARGV[2], cleared = ARGV[2] == '0' and '1' or '0'})
if ARGV[2] == '0' then redis.call('DEL', key('reports', job.id)) end
return 1
