-- ARGV: index, how many, the place before which to end. Records, the least place first.
local found = {}
for i, member in ipairs(redis.call('ZRANGE', key(ARGV[1]), '-', '(' .. ARGV[3], 'BYLEX', 'LIMIT', 0, ARGV[2])) do
  found[i] = record(string.sub(member, 17))
end
return found
