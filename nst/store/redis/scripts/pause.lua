-- ARGV: 1 or 0, lanes.
if ARGV[1] == '1' then
  redis.call('SET', key('paused'), '1')
else
  redis.call('DEL', key('paused'))
  for i = 2, #ARGV do ring(ARGV[i]) end
end
return 1
