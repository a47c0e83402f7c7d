-- ARGV: lanes. Answers {jobs, place of the oldest} for each.
local found = {}
for i = 1, #ARGV do
  local oldest = ''
  local line = redis.call('ZRANGE', key('line', ARGV[i]), 0, -1)
  for _, member in ipairs(line) do
    if oldest == '' or member < oldest then oldest = member end
  end
  found[i] = {#line, oldest}
end
return found
