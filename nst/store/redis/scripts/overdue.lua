-- ARGV: now.
local found = {}
for i, id in ipairs(redis.call('ZRANGEBYSCORE', key('running'), '-inf', '(' .. ARGV[1])) do found[i] = record(id) end
return found
