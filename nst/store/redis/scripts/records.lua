-- The beginning of every script: records, and the indexes that follow from them.
-- A record is a hash of strings. It is changed by `change` only, which removes the old record from every index and adds the new one, so that
-- indexes and records always agree. KEYS[1] is the prefix with the hash tag: all keys are in one slot.

local prefix = KEYS[1]

local function key(...)
  return prefix .. table.concat({...}, ':')
end

local function exact(number) -- `tostring` keeps only 14 digits
  return string.format('%.17g', number)
end

-- A text that sorts as (at, id): non-negative doubles sort as their bytes do.
local function place(at, id)
  local high, low = struct.unpack('>I4I4', struct.pack('>d', tonumber(at)))
  return string.format('%08x%08x', high, low) .. id
end

local function table_of(flat)
  local job = {}
  for i = 1, #flat, 2 do job[flat[i]] = flat[i + 1] end
  return job
end

local function record(id)
  return redis.call('HGETALL', key('job', id))
end

-- The records of the members of an index, in which ids begin at that character.
local function records(members, start)
  local found = {}
  for i, member in ipairs(members) do found[i] = record(string.sub(member, start or 1)) end
  return found
end

local function read(id)
  local flat = record(id)
  return #flat > 0 and table_of(flat) or nil
end

local function held(id, attempt)
  local job = read(id)
  return job and job.state == 'running' and job.attempt == attempt and job or nil
end

local function is_exhausted(job)
  return job.attempt - job.returns >= tonumber(job.max_attempts)
end

local function has_likes(job) -- records of before have no number
  return job.likes and job.likes ~= '0'
end

-- Names of the styles of a painting and of its parts, from their fields, without visitors' own pictures.
local function style_names(styles, regions)
  local groups, names = {cjson.decode(styles)}, {}
  for _, region in ipairs(cjson.decode(regions or '[]')) do groups[#groups + 1] = region.styles end
  for _, group in ipairs(groups) do
    for _, style in ipairs(group) do
      if not string.find(style[1], '/', 1, true) then names[#names + 1] = style[1] end
    end
  end
  return names
end

-- {key, score, member} of every index entry of a record. Members with the score 0 sort as texts.
local function entries(job)
  local found = {{key('owner', job.owner), 0, place(job.created, job.id)}}
  local function add(index, score, member) found[#found + 1] = {index, score, member} end
  if job.state == 'queued' then
    add(key('line', job.lane), job.turn, place(job.created, job.id) .. ':' .. job.cost)
  elseif job.state == 'running' then
    add(key('running'), job.lease_until, job.id)
  elseif job.state == 'succeeded' and job.started then
    local span = place(job.finished, job.id) .. ':' .. job.cost .. ':' .. exact(job.finished - job.started)
    add(key('spans'), 0, span)
    add(key('spans', job.lane), 0, span)
  elseif job.state == 'failed' and is_exhausted(job) then
    add(key('dead'), 0, place(job.finished, job.id))
  end
  if job.state == 'queued' or job.state == 'running' then add(key('active', job.owner), job.turn, job.id) end
  if job.finished and not job.published and job.kept_until then
    add(key('kept_longer'), 0, place(job.kept_until, job.id))
  elseif job.finished and not job.published then
    add(key('unpublished'), 0, place(job.finished, job.id))
    if job.state ~= 'succeeded' then add(key('unpainted'), 0, place(job.finished, job.id)) end
  end
  if job.published and job.hidden == '0' then
    local function add_styles(index, member)
      for _, style in ipairs(style_names(job.styles, job.regions)) do add(key(index, style), 0, member) end
    end
    add(key('feed'), 0, place(job.published, job.id))
    add_styles('feed', place(job.published, job.id))
    for word in string.gmatch(job.title_words or '', '%S+') do add(key('title_words'), 0, word .. ' ' .. place(job.published, job.id)) end
    if has_likes(job) then
      local liked = place(job.likes, place(job.published, job.id))
      add(key('liked'), 0, liked)
      add_styles('liked', liked)
    end
  end
  return found
end

-- Whether a job is in the feed. Processes of earlier versions, which do not know all indexes, leave jobs in some of them.
local function is_shown(id)
  local job = redis.call('HMGET', key('job', id), 'published', 'hidden')
  return job[1] and job[2] == '0'
end

local function tally(job, by)
  redis.call('HINCRBY', key('counts'), job.state, by)
  redis.call('HINCRBY', key('totals'), 'size_bytes', by * job.size_bytes + 0) -- Redis takes no -0
end

-- The tally first: a Redis that is out of memory refuses writes that need some, and not the others. So nothing is half done.
local function take_out(job)
  tally(job, -1)
  for _, entry in ipairs(entries(job)) do redis.call('ZREM', entry[1], entry[3]) end
end

local function put_in(job)
  for _, entry in ipairs(entries(job)) do redis.call('ZADD', entry[1], entry[2], entry[3]) end
  tally(job, 1)
end

-- `changes`: the new value of each field, or false to delete it.
local function change(job, changes)
  take_out(job)
  for field, value in pairs(changes) do
    if value then
      job[field] = tostring(value)
      redis.call('HSET', key('job', job.id), field, job[field])
    else
      job[field] = nil
      redis.call('HDEL', key('job', job.id), field)
    end
  end
  put_in(job)
end

local function to_queue(state, finished)
  return {state = state, finished = finished, worker = false, lease_until = false, fraction = '0', stage = '', seconds_left = false}
end

-- Wakes one waiting worker. Only the last wake-ups are kept: there are not more workers to wake.
local function wake(lane)
  redis.call('RPUSH', key('bell', lane), '1')
  redis.call('LTRIM', key('bell', lane), -64, -1)
end

-- The load of an owner and of everybody: uploads since then, active, queued.
local function load_of(owner, since)
  return {
    redis.call('ZCOUNT', key('uploads', owner), '(' .. since, '+inf'),
    redis.call('ZCARD', key('active', owner)),
    tonumber(redis.call('HGET', key('counts'), 'queued') or 0),
  }
end
