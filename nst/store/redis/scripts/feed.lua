-- Published jobs: their order by likes, search, reports, hiding. Each part is one script, with the names of its ARGV; `records.lua` is put before it.

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

--- like: id, owner, 1 or 0, now. Returns the number of likes, or nothing when the job is not in the feed
local job = read(ARGV[1])
if not job or not job.published or job.hidden == '1' then return false end
local likes = key('likes', job.id)
if ARGV[3] == '1' then redis.call('HSETNX', likes, ARGV[2], ARGV[4]) else redis.call('HDEL', likes, ARGV[2]) end
local number = redis.call('HLEN', likes)
change(job, {likes = number})
return number

--- liked: owner, ids. Returns those that the owner likes
local found = {}
for i = 2, #ARGV do
  if redis.call('HEXISTS', key('likes', ARGV[i]), ARGV[1]) == 1 then found[#found + 1] = ARGV[i] end
end
return found

--- most_liked: style or '', limit, likes and place after which to begin or ''. Returns records, the greatest number of likes first
-- The index has those with likes only, so that it is right for jobs of earlier versions, too. The others follow, the newest first.
local function add_shown(found, id, from, member)
  if is_shown(id) then found[#found + 1] = record(id) else redis.call('ZREM', from, member) end
end
local function index(name) return ARGV[1] == '' and key(name) or key(name, ARGV[1]) end
local limit, at, found = tonumber(ARGV[2]), ARGV[4], {}
if ARGV[3] ~= '0' then
  local first = ARGV[3] == '' and '+' or '(' .. place(ARGV[3], at)
  while #found < limit do
    local members = redis.call('ZRANGE', index('liked'), first, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit)
    for _, member in ipairs(members) do
      if #found < limit then add_shown(found, string.sub(member, 33), index('liked'), member) end
    end
    if #members < limit then break end
    first = '(' .. members[#members]
  end
  at = ''
end
local first = at == '' and '+' or '(' .. at
while #found < limit do
  local members = redis.call('ZRANGE', index('feed'), first, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit)
  for _, member in ipairs(members) do
    local id = string.sub(member, 17)
    if #found < limit and not has_likes({likes = redis.call('HGET', key('job', id), 'likes')}) then found[#found + 1] = record(id) end
  end
  if #members < limit then break end
  first = '(' .. members[#members]
end
return found

--- search: order, limit, likes and place after which to begin or '', groups [[start of a word or '', [style, ...]], ...]
-- Returns records that match every group. The group with the fewest paintings is read whole, and each of them looked up in the others.
local groups, smallest = {}, nil
for i, wanted in ipairs(cjson.decode(ARGV[5])) do
  local group = {titles = {}, styles = wanted[2], size = 0, number = i}
  if wanted[1] ~= '' then
    for _, entry in ipairs(redis.call('ZRANGE', key('title_words'), '[' .. wanted[1], '[' .. wanted[1] .. '\255', 'BYLEX')) do
      group.titles[string.match(entry, ' (.*)$')] = true
      group.size = group.size + 1
    end
  end
  for _, style in ipairs(group.styles) do group.size = group.size + redis.call('ZCARD', key('feed', style)) end
  groups[i] = group
  if not smallest or group.size < smallest.size then smallest = group end
end

local function matches(group, member)
  if group.titles[member] then return true end
  for _, style in ipairs(group.styles) do
    if redis.call('ZSCORE', key('feed', style), member) then return true end
  end
  return false
end

local candidates = {}
for member in pairs(smallest.titles) do candidates[member] = is_shown(string.sub(member, 17)) or nil end
for _, style in ipairs(smallest.styles) do
  for _, member in ipairs(redis.call('ZRANGE', key('feed', style), 0, -1)) do candidates[member] = true end
end
local by_likes, start, sorted = ARGV[1] == 'liked', ARGV[4], {}
if by_likes and start ~= '' then start = place(ARGV[3], start) end
for member in pairs(candidates) do
  local found = true
  for _, group in ipairs(groups) do found = found and (group == smallest or matches(group, member)) end
  if found then
    local likes = by_likes and redis.call('HGET', key('job', string.sub(member, 17)), 'likes') or 0
    local at = by_likes and place(likes, member) or member
    if start == '' or at < start then sorted[#sorted + 1] = at end
  end
end
table.sort(sorted, function(one, other) return one > other end)
local found = {}
for i = 1, math.min(#sorted, tonumber(ARGV[2])) do found[i] = record(string.sub(sorted[i], by_likes and 33 or 17)) end
return found
