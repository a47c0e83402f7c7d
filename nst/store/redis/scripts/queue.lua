-- The queue and its leases. Each part is one script, with the names of its ARGV; `records.lua` is put before it.

--- submit: quota (uploads, active, queued), a minute ago, when uploads are forgotten, the record's fields and values
-- Returns {'stored', record}, {'known', record}, {'taken', {}} or {'refused', load}.
local job = table_of({unpack(ARGV, 6)})
local known = redis.call('HGET', key('tokens', job.owner), job.token)
if known then return {'known', record(known)} end
if redis.call('ZSCORE', key('deleted'), job.id) then return {'taken', {}} end

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
wake(job.lane)
return {'stored', record(job.id)}

--- load: owner, a minute ago. Returns {uploads, active, queued}
return load_of(ARGV[1], ARGV[2])

--- claim: now, end of the lease, worker, a nonce, lanes. Returns the record
-- A claim whose answer was lost is sent again with its nonce, and gets the same answer.
local marker = key('claim', ARGV[3])
local before = redis.call('GET', marker)
if before then
  local number, id, attempt = string.match(before, '^(%S+) (%S+) (%S+)$')
  if number == ARGV[4] and held(id, attempt) then return record(id) end
end
if redis.call('EXISTS', key('paused')) == 1 then return false end

local best
for i = 5, #ARGV do
  local head = redis.call('ZRANGE', key('line', ARGV[i]), 0, 0, 'WITHSCORES')
  if #head > 0 then
    local turn = tonumber(head[2])
    if not best or turn < best.turn or (turn == best.turn and head[1] < best.member) then best = {turn = turn, member = head[1]} end
  end
end
if not best then return false end

local job = read(string.sub(string.match(best.member, '^(.*):'), 17))
change(job, {state = 'running', attempt = job.attempt + 1, started = ARGV[1], worker = ARGV[3], lease_until = ARGV[2]})
local clock = tonumber(redis.call('HGET', key('totals'), 'clock') or 0)
redis.call('HSET', key('totals'), 'clock', exact(math.max(clock, best.turn)))
redis.call('SET', marker, ARGV[4] .. ' ' .. job.id .. ' ' .. job.attempt, 'EX', 300)
return record(job.id)

--- heartbeat: id, attempt, end of the lease
local job = held(ARGV[1], ARGV[2])
if not job then return 'lost' end
redis.call('HSET', key('job', job.id), 'lease_until', ARGV[3])
redis.call('ZADD', key('running'), ARGV[3], job.id)
return job.cancel_requested == '1' and 'cancel' or 'held'

--- give_back: id, attempt, now
local job = held(ARGV[1], ARGV[2])
if not job then return 0 end
local is_cancelled = job.cancel_requested == '1'
local changes = to_queue(is_cancelled and 'cancelled' or 'queued', is_cancelled and ARGV[3])
changes.returns = job.returns + 1
change(job, changes)
if not is_cancelled then wake(job.lane) end
return 1

--- acknowledge: id, attempt. Only fields that say who had the job are left to delete: `finish` has removed it from the index of leases
local job = read(ARGV[1])
if job and job.finished and job.attempt == ARGV[2] then redis.call('HDEL', key('job', job.id), 'worker', 'lease_until', 'ended_by') end
return 1

--- overdue: now. Returns records
return records(redis.call('ZRANGEBYSCORE', key('running'), '-inf', '(' .. ARGV[1]))

--- requeue_lapsed: now, the message of a job without attempts left. Returns the records that have changed
local changed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('running'), '-inf', '(' .. ARGV[1])) do
  local job = read(id)
  local changes = to_queue('queued', false)
  if job.cancel_requested == '1' then
    changes = to_queue('cancelled', ARGV[1])
  elseif is_exhausted(job) then
    changes = to_queue('failed', ARGV[1])
    changes.error = string.gsub(ARGV[2], '{attempts}', job.attempt - job.returns)
  end
  change(job, changes)
  if job.state == 'queued' then wake(job.lane) end
  changed[#changed + 1] = record(id)
end
return changed

--- cancel: id, now. Returns the record
local job = read(ARGV[1])
if job and job.state == 'queued' then
  change(job, {cancel_requested = '1', state = 'cancelled', finished = ARGV[2]})
elseif job and job.state == 'running' then
  change(job, {cancel_requested = '1'})
end
return record(ARGV[1])

--- position: id, jobs looked at in each lane, lanes. Returns {jobs, cost}, or nothing when the job is not queued
-- The jobs are counted. Their cost is added up where there are few, and else estimated from some of them, evenly spaced.
local job = read(ARGV[1])
if not job or job.state ~= 'queued' then return false end
local own, most = place(job.created, job.id), tonumber(ARGV[2])

-- The number of members before this job. Those with its turn are in the order of their places.
local function ahead(line)
  local low, high = redis.call('ZCOUNT', line, '-inf', '(' .. job.turn), redis.call('ZCOUNT', line, '-inf', job.turn)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZRANGE', line, middle, middle)[1] < own then low = middle + 1 else high = middle end
  end
  return low
end

local function total(index, count, cost_of)
  if count == 0 then return 0 end
  local looked_at, cost = math.min(count, most), 0
  if looked_at == count then
    for _, member in ipairs(redis.call('ZRANGE', index, 0, count - 1)) do cost = cost + cost_of(member) end
    return cost
  end
  for i = 0, looked_at - 1 do
    local at = math.floor((i + 0.5) * count / looked_at)
    cost = cost + cost_of(redis.call('ZRANGE', index, at, at)[1])
  end
  return cost * count / looked_at
end

local jobs, cost = 0, 0
for i = 3, #ARGV do
  local line = key('line', ARGV[i])
  local count = ahead(line)
  jobs = jobs + count
  cost = cost + total(line, count, function(member) return tonumber(string.match(member, ':(.*)$')) end)
end
cost = cost + total(key('running'), redis.call('ZCARD', key('running')), function(id)
  local running = redis.call('HMGET', key('job', id), 'cost', 'fraction')
  return running[1] * (1 - running[2])
end)
return {jobs, exact(cost)}

--- waiting: lanes. Returns 1 when there is something to claim; otherwise it deletes old wake-ups
local keys = {}
local is_paused = redis.call('EXISTS', key('paused')) == 1
for i = 1, #ARGV do
  if not is_paused and redis.call('ZCARD', key('line', ARGV[i])) > 0 then return 1 end
  keys[i] = key('bell', ARGV[i])
end
redis.call('DEL', unpack(keys))
return 0

--- pause: 1 or 0, lanes
if ARGV[1] == '1' then
  redis.call('SET', key('paused'), '1')
else
  redis.call('DEL', key('paused'))
  for i = 2, #ARGV do wake(ARGV[i]) end
end
return 1

--- lane_stats: lanes. Returns {jobs, place of the oldest} for each
local found = {}
for i = 1, #ARGV do
  local oldest = ''
  local line = redis.call('ZRANGE', key('line', ARGV[i]), 0, -1)
  for _, member in ipairs(line) do
    if oldest == '' or member < oldest then oldest = member end
  end
  found[i] = {#line, oldest}
end
return found
