-- ARGV: now, the sentence of a job that is out of attempts.
local changed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('running'), '-inf', '(' .. ARGV[1])) do
  local job = read(id)
  local changes = to_line('queued', false)
  if job.cancel_requested == '1' then
    changes = to_line('cancelled', ARGV[1])
  elseif is_exhausted(job) then
    changes = to_line('failed', ARGV[1])
    changes.error = string.gsub(ARGV[2], '{attempts}', job.attempt - job.returns)
  end
  change(job, changes)
  if job.state == 'queued' then ring(job.lane) end
  changed[#changed + 1] = record(id)
end
return changed
