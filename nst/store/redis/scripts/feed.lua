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
local likes, mine = key('likes', job.id), key('likes_of', ARGV[2])
if ARGV[3] == '1' then
  redis.call('HSETNX', likes, ARGV[2], ARGV[4])
  redis.call('ZADD', mine, 0, place(redis.call('HGET', likes, ARGV[2]), job.id))
else
  local since = redis.call('HGET', likes, ARGV[2])
  if since then redis.call('ZREM', mine, place(since, job.id)) end
  redis.call('HDEL', likes, ARGV[2])
end
local number = redis.call('HLEN', likes)
change(job, {likes = number})
return number

--- liked: owner, ids. Returns those that the owner likes
-- Likes of processes of earlier versions, which do not know the owner's index, enter it here.
local found, mine = {}, key('likes_of', ARGV[1])
for i = 2, #ARGV do
  local since = redis.call('HGET', key('likes', ARGV[i]), ARGV[1])
  if since then
    found[#found + 1] = ARGV[i]
    local member = place(since, ARGV[i])
    if not redis.call('ZSCORE', mine, member) then redis.call('ZADD', mine, 0, member) end
  end
end
return found

--- liked_by: owner, limit, the place after which to begin or '', most
-- Returns records, and the place after which the next page begins, or '' when there are no more. At most that many likes are looked at.
local found, mine, limit, looked_at, shown, last = {}, key('likes_of', ARGV[1]), tonumber(ARGV[2]), 0, '', ''
local first = ARGV[3] == '' and '+' or '(' .. ARGV[3]
while true do
  local members = redis.call('ZRANGE', mine, first, '-', 'BYLEX', 'REV', 'LIMIT', 0, 100)
  for _, member in ipairs(members) do
    local id = string.sub(member, 17)
    if redis.call('HEXISTS', key('likes', id), ARGV[1]) == 0 then
      redis.call('ZREM', mine, member) -- a process of an earlier version has taken it back, or deleted the job
    elseif is_shown(id) then
      if #found == limit then return {found, shown} end
      found[#found + 1], shown = record(id), member
    end
    looked_at, last = looked_at + 1, member
    if looked_at >= tonumber(ARGV[4]) then return {found, last} end
  end
  if #members < 100 then return {found, ''} end
  first = '(' .. last
end

--- search: order, style or '', limit, likes and place after which to begin or '', groups [[start of a word or '', [style, ...]], ...], most
-- Returns records that match every group; and likes and place of the last painting looked at, or '' when there are no more.
-- The group with the fewest paintings is read whole if they are at most that many. Otherwise so many are looked at in their order: Redis
-- serves nobody else meanwhile. The index by likes has those with likes only, so that it is right for jobs of earlier versions, too.
local by_likes, limit, most = ARGV[1] == 'liked', tonumber(ARGV[3]), tonumber(ARGV[7])
local groups, smallest = {}, nil
local function add_group(word, styles)
  local group = {word = word, styles = {}, size = 0}
  if word ~= '' then group.size = redis.call('ZLEXCOUNT', key('title_words'), '[' .. word, '[' .. word .. '\255') end
  for _, style in ipairs(styles) do
    group.styles[style] = true
    group.size = group.size + redis.call('ZCARD', key('feed', style))
  end
  groups[#groups + 1] = group
  if not smallest or group.size < smallest.size then smallest = group end
end
for _, wanted in ipairs(cjson.decode(ARGV[6])) do add_group(wanted[1], wanted[2]) end
if ARGV[2] ~= '' then add_group('', {ARGV[2]}) end

local function matches(group, words, styles)
  for word in string.gmatch(group.word ~= '' and words or '', '%S+') do
    if string.sub(word, 1, #group.word) == group.word then return true end
  end
  for _, style in ipairs(styles) do
    if group.styles[style] then return true end
  end
  return false
end

-- The likes of a painting that is shown and matches; nothing for others.
local function likes_of(id)
  local fields = redis.call('HMGET', key('job', id), 'published', 'hidden', 'likes', 'title_words', 'styles', 'regions')
  if not fields[1] or fields[2] ~= '0' then return nil end
  local styles = style_names(fields[5], fields[6])
  for _, group in ipairs(groups) do
    if not matches(group, fields[4] or '', styles) then return nil end
  end
  return fields[3] or '0'
end

local found = {}
if smallest and smallest.size <= most then
  local candidates, sorted = {}, {}
  if smallest.word ~= '' then
    local first, last = '[' .. smallest.word, '[' .. smallest.word .. '\255'
    for _, entry in ipairs(redis.call('ZRANGE', key('title_words'), first, last, 'BYLEX')) do
      candidates[string.match(entry, ' (.*)$')] = true
    end
  end
  for style in pairs(smallest.styles) do
    for _, member in ipairs(redis.call('ZRANGE', key('feed', style), 0, -1)) do candidates[member] = true end
  end
  local start = by_likes and ARGV[5] ~= '' and place(ARGV[4], ARGV[5]) or ARGV[5]
  for member in pairs(candidates) do
    local likes = likes_of(string.sub(member, 17))
    local at = likes and by_likes and place(likes, member) or member
    if likes and (start == '' or at < start) then sorted[#sorted + 1] = at end
  end
  table.sort(sorted, function(one, other) return one > other end)
  for i = 1, math.min(#sorted, limit) do found[i] = record(string.sub(sorted[i], by_likes and 33 or 17)) end
  return {found, ''}
end

local function index(name) return ARGV[2] == '' and key(name) or key(name, ARGV[2]) end
local looked_at, last = 0, ''
-- Whether the end was reached.
local function walk(name, first, look)
  while true do
    local members = redis.call('ZRANGE', index(name), first, '-', 'BYLEX', 'REV', 'LIMIT', 0, 100)
    for _, member in ipairs(members) do
      if #found >= limit or looked_at >= most then return false end
      looked_at = looked_at + 1
      look(member)
    end
    if #members < 100 then return true end
    first = '(' .. members[#members]
  end
end
local function look_at_liked(member)
  local id = string.sub(member, 33)
  last = member
  if likes_of(id) then found[#found + 1] = record(id) elseif not is_shown(id) then redis.call('ZREM', index('liked'), member) end
end
local function look_at_other(member)
  local likes = likes_of(string.sub(member, 17))
  last = place(0, member)
  if likes and (likes == '0' or not by_likes) then found[#found + 1] = record(string.sub(member, 17)) end
end
local start, is_end = ARGV[5] == '' and '+' or '(' .. ARGV[5], true
if by_likes and ARGV[4] ~= '0' then
  is_end = walk('liked', ARGV[5] == '' and '+' or '(' .. place(ARGV[4], ARGV[5]), look_at_liked)
  start = '+'
end
is_end = is_end and walk('feed', start, look_at_other)
return {found, is_end and '' or last}
