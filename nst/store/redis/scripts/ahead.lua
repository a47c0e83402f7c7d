-- ARGV: id, lanes. Answers {jobs, cost}, or nothing when the job is not queued.
local job = read(ARGV[1])
if not job or job.state ~= 'queued' then return false end
local own, turn = place(job.created, job.id), tonumber(job.turn)
local jobs, cost = 0, 0
for i = 2, #ARGV do
  local line = redis.call('ZRANGEBYSCORE', key('line', ARGV[i]), '-inf', job.turn, 'WITHSCORES')
  for j = 1, #line, 2 do
    if tonumber(line[j + 1]) < turn or line[j] < own then
      jobs = jobs + 1
      cost = cost + tonumber(string.match(line[j], ':(.*)$'))
    end
  end
end
for _, id in ipairs(redis.call('ZRANGE', key('running'), 0, -1)) do
  local running = redis.call('HMGET', key('job', id), 'cost', 'fraction')
  cost = cost + running[1] * (1 - running[2])
end
return {jobs, exact(cost)}
