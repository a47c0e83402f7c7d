-- ARGV: id, attempt, now, a number used once, state, error or '', output key or '', bytes, recipe or '', how many spans are kept.
-- A finish whose answer was lost is sent again with its number, and gets the same answer.
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
  output_key = given(ARGV[7]),
  size_bytes = string.format('%.0f', job.size_bytes + ARGV[8]),
  recipe = given(ARGV[9]),
  finished = ARGV[3],
  fraction = succeeded and '1.0' or job.fraction,
  seconds_left = false,
  preview_key = false,
  published = succeeded and job.public == '1' and ARGV[3],
  ended_by = ARGV[4],
})
for _, index in ipairs({key('spans'), key('spans', job.lane)}) do redis.call('ZREMRANGEBYRANK', index, 0, -1 - ARGV[10]) end
return 1
