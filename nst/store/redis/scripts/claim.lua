-- ARGV: now, end of the lease, worker, a number used once, lanes.
-- A claim whose answer was lost is sent again with its number, and gets the same answer.
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
