-- ARGV: id, 1 or 0, input key, output key, now.
local job = read(ARGV[1])
if not job or job.state ~= 'succeeded' then return 0 end
local published = ARGV[2] == '1' and (job.published or ARGV[5])
change(job, {public = ARGV[2], input_key = ARGV[3], output_key = ARGV[4], published = published})
return 1
