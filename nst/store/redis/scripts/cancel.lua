-- ARGV: id, now.
local job = read(ARGV[1])
if job and job.state == 'queued' then
  change(job, {cancel_requested = '1', state = 'cancelled', finished = ARGV[2]})
elseif job and job.state == 'running' then
  change(job, {cancel_requested = '1'})
end
return record(ARGV[1])
