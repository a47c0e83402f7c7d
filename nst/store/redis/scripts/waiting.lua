-- ARGV: lanes. 1 when there is something to claim; when there is not, bells that rang for what is gone are silenced.
local keys = {}
local is_paused = redis.call('EXISTS', key('paused')) == 1
for i = 1, #ARGV do
  if not is_paused and redis.call('ZCARD', key('line', ARGV[i])) > 0 then return 1 end
  keys[i] = key('bell', ARGV[i])
end
redis.call('DEL', unpack(keys))
return 0
