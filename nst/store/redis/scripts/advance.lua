-- ARGV: id, attempt, fraction, stage, seconds left or '', preview key or ''.
local job = held(ARGV[1], ARGV[2])
if not job then return 0 end
local name = key('job', job.id)
redis.call('HSET', name, 'fraction', ARGV[3], 'stage', ARGV[4])
if ARGV[5] == '' then redis.call('HDEL', name, 'seconds_left') else redis.call('HSET', name, 'seconds_left', ARGV[5]) end
if ARGV[6] ~= '' then redis.call('HSET', name, 'preview_key', ARGV[6]) end
return 1
