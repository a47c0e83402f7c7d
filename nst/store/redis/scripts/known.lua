-- ARGV: ids.
local found = {}
for _, id in ipairs(ARGV) do
  if redis.call('EXISTS', key('job', id)) == 1 then found[#found + 1] = id end
end
return found
