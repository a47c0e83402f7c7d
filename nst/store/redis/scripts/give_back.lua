-- ARGV: id, attempt, now.
local job = held(ARGV[1], ARGV[2])
if not job then return 0 end
local is_cancelled = job.cancel_requested == '1'
local changes = to_line(is_cancelled and 'cancelled' or 'queued', is_cancelled and ARGV[3])
changes.returns = job.returns + 1
change(job, changes)
if not is_cancelled then ring(job.lane) end
return 1
