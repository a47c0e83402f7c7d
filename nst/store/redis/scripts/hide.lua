-- ARGV: id, 1 or 0.
local job = read(ARGV[1])
if not job then return 0 end
change(job, {hidden = ARGV[2]})
if ARGV[2] == '0' then redis.call('DEL', key('reports', job.id)) end
return 1
