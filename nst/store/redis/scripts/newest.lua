-- ARGV: index, how many, the place behind which to begin, or ''. Records, the greatest place first.
local first = ARGV[3] == '' and '+' or '(' .. ARGV[3]
local found = {}
for i, member in ipairs(redis.call('ZRANGE', key(ARGV[1]), first, '-', 'BYLEX', 'REV', 'LIMIT', 0, ARGV[2])) do
  found[i] = record(string.sub(member, 17))
end
return found
