-- The editions behind a place in the index, at most so many, each with the revision before it.
-- KEYS: index, seq, epoch
-- ARGV: the place, at most so many, beginning of the stories' keys, beginning of their histories' keys
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local editions = {}
for at = 1, #found, 2 do
  local held = redis.call('HMGET', ARGV[3] .. found[at], 'document', 'revision', 'seq', 'heard_at')
  if held[1] then -- else gone since it was put into the index
    for _, entry in ipairs(redis.call('XREVRANGE', ARGV[4] .. found[at], '+', '-', 'COUNT', 2)) do
      local past = {}
      for field = 1, #entry[2], 2 do past[entry[2][field]] = entry[2][field + 1] end
      if #held == 4 and tonumber(past['revision']) < tonumber(held[2]) then
        held[5], held[6] = past['document'], past['revision']
      end
    end
    editions[#editions + 1] = held
  end
end
return {redis.call('GET', KEYS[3]) or '', redis.call('GET', KEYS[2]) or '0', #found / 2, found[#found] or '0', editions}
