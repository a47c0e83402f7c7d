-- ARGV: owner, the beginning of the last minute.
return load_of(ARGV[1], ARGV[2])
