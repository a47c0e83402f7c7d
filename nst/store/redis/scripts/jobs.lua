-- Job records and indexes of them. Each part is one script, with the names of its ARGV; `records.lua` is put before it.

--- advance: id, attempt, fraction, stage, seconds left or '', preview key or ''
local job = held(ARGV[1], ARGV[2])
if not job then return 0 end
local name = key('job', job.id)
redis.call('HSET', name, 'fraction', ARGV[3], 'stage', ARGV[4])
if ARGV[5] == '' then redis.call('HDEL', name, 'seconds_left') else redis.call('HSET', name, 'seconds_left', ARGV[5]) end
if ARGV[6] ~= '' then redis.call('HSET', name, 'preview_key', ARGV[6]) end
return 1

--- finish: id, attempt, now, a nonce, state, error or '', output key or '', bytes, recipe or '', number of durations kept, error code or '',
-- 1 if there are thumbnails, or 0.
-- A finish whose answer was lost is sent again with its nonce, and gets the same answer.
local job = held(ARGV[1], ARGV[2])
if not job then
  local ended = read(ARGV[1])
  return ended and ended.ended_by == ARGV[4] and 1 or 0
end
local succeeded = ARGV[5] == 'succeeded'
local function given(text) return text ~= '' and text end
change(job, {
  state = ARGV[5],
  error = given(ARGV[6]),
  error_code = given(ARGV[11]),
  output_key = given(ARGV[7]),
  size_bytes = string.format('%.0f', job.size_bytes + ARGV[8]),
  recipe = given(ARGV[9]),
  has_thumbnails = ARGV[12] == '1' and '1',
  finished = ARGV[3],
  fraction = succeeded and '1.0' or job.fraction,
  seconds_left = false,
  preview_key = false,
  published = succeeded and job.public == '1' and ARGV[3],
  ended_by = ARGV[4],
})
for _, index in ipairs({key('spans'), key('spans', job.lane)}) do redis.call('ZREMRANGEBYRANK', index, 0, -1 - ARGV[10]) end
return 1

--- set_public: id, 1 or 0, input key, output key, now, the expected output key or ''
local job = read(ARGV[1])
if not job or job.state ~= 'succeeded' then return 0 end
if ARGV[6] ~= '' and ARGV[6] ~= job.output_key then return 0 end
local published = ARGV[2] == '1' and (job.published or ARGV[5])
change(job, {public = ARGV[2], input_key = ARGV[3], output_key = ARGV[4], published = published})
return 1

--- set_title: id, title or '', its words, separated by spaces
local job = read(ARGV[1])
if not job or job.state ~= 'succeeded' then return 0 end
local same = (job.title or '') == ARGV[2]
change(job, {title = ARGV[2] ~= '' and ARGV[2], title_words = ARGV[3] ~= '' and ARGV[3], cleared = same and job.cleared or '0'})
return 1

--- keep: id, until when
local job = read(ARGV[1])
if not job or job.state ~= 'succeeded' then return 0 end
change(job, {kept_until = ARGV[2]})
return 1

--- restore: the record's fields and values. Returns 0 when there is a record, or it was deleted
local job = table_of(ARGV)
if read(job.id) or redis.call('ZSCORE', key('deleted'), job.id) then return 0 end
redis.call('HSET', key('job', job.id), unpack(ARGV))
put_in(job)
return 1

--- delete: id, 1 to keep it unless it is final and private, or 0; number of deleted ids kept
local job = read(ARGV[1])
if not job then return 0 end
if ARGV[2] == '1' and (job.published or not job.finished) then return 0 end
redis.call('ZADD', key('deleted'), 'NX', redis.call('HINCRBY', key('totals'), 'deleted', 1), job.id)
redis.call('ZREMRANGEBYRANK', key('deleted'), 0, -1 - ARGV[3])
take_out(job)
redis.call('HDEL', key('tokens', job.owner), job.token)
for owner, since in pairs(table_of(redis.call('HGETALL', key('likes', job.id)))) do
  redis.call('ZREM', key('likes_of', owner), place(since, job.id))
end
redis.call('DEL', key('job', job.id), key('reports', job.id), key('likes', job.id))
return 1

--- rename_owner: old owner, new owner. Returns the number of jobs
-- Likes that are not in the owner's index, those of processes of earlier versions, keep the old name.
local old, new = ARGV[1], ARGV[2]
local members = redis.call('ZRANGE', key('owner', old), 0, -1)
for _, member in ipairs(members) do
  local job = read(string.sub(member, 17))
  change(job, {owner = new})
  redis.call('HSET', key('tokens', new), job.token, job.id)
end
redis.call('DEL', key('tokens', old))
if redis.call('EXISTS', key('uploads', old)) == 1 then
  redis.call('ZUNIONSTORE', key('uploads', new), 2, key('uploads', old), key('uploads', new))
  redis.call('EXPIRE', key('uploads', new), 3600)
  redis.call('DEL', key('uploads', old))
end
for _, member in ipairs(redis.call('ZRANGE', key('likes_of', old), 0, -1)) do
  local id = string.sub(member, 17)
  local likes, job = key('likes', id), read(id)
  local since = redis.call('HGET', likes, old)
  if since and redis.call('HSETNX', likes, new, since) == 1 then redis.call('ZADD', key('likes_of', new), 0, member) end
  redis.call('HDEL', likes, old)
  if job then change(job, {likes = redis.call('HLEN', likes)}) end -- fewer, if both like it
end
redis.call('DEL', key('likes_of', old))
return #members

--- rename_reporter: id, old reporter, new reporter
local reports = key('reports', ARGV[1])
local report = redis.call('HGET', reports, ARGV[2])
if report then
  redis.call('HSETNX', reports, ARGV[3], report)
  redis.call('HDEL', reports, ARGV[2])
end
return 1

--- known: ids. Returns those that have a record
local found = {}
for _, id in ipairs(ARGV) do
  if redis.call('EXISTS', key('job', id)) == 1 then found[#found + 1] = id end
end
return found

--- newest: index, limit, the place after which to begin or ''. Returns records, the greatest place first
local first = ARGV[3] == '' and '+' or '(' .. ARGV[3]
return records(redis.call('ZRANGE', key(ARGV[1]), first, '-', 'BYLEX', 'REV', 'LIMIT', 0, ARGV[2]), 17)

--- oldest: index, limit, the place before which to end. Returns records, the least place first
return records(redis.call('ZRANGE', key(ARGV[1]), '-', '(' .. ARGV[3], 'BYLEX', 'LIMIT', 0, ARGV[2]), 17)

--- kept_longer: limit, the place before which to end. Returns records, the least place first
-- Entries that processes of earlier versions have left behind, which do not know this index, are removed.
local found = {}
for _, member in ipairs(redis.call('ZRANGE', key('kept_longer'), '-', '(' .. ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[1])) do
  local job = read(string.sub(member, 17))
  if job and not job.published and job.kept_until and place(job.kept_until, job.id) == member then
    found[#found + 1] = record(job.id)
  else
    redis.call('ZREM', key('kept_longer'), member)
  end
end
return found
