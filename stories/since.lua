-- What comes after a position in the archive's index, up to a limit: editions, each with the revision
-- before it, and stubs of stories that have left full memory ('' for deleted ones).
-- KEYS: index, seq, epoch, stubs
-- ARGV: the position, the limit, prefix of the stories' keys, prefix of their histories' keys,
--       "newest": below the position, newest first, at most this many editions
-- A key of another type counts as absent; its number is reported at the end.
local wrong = {}
local function ask(number, ...)
  local answer = redis.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if not string.find(answer.err, 'WRONGTYPE') then error(answer) end
  if number then wrong[#wrong + 1] = number end
  return nil
end
local most, newest, found = tonumber(ARGV[2]), ARGV[5] == 'newest', nil
if newest then
  found = ask(1, 'ZREVRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '-inf', 'WITHSCORES', 'LIMIT', 0, 500) or {}
else
  found = ask(1, 'ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, most) or {}
end
local editions, stubs, last = {}, {}, '0'
for at = 1, #found, 2 do
  last = found[at + 1]
  local held = ask(nil, 'HMGET', ARGV[3] .. found[at], 'document', 'revision', 'seq', 'heard_at', 'stage')
  if not held then
    editions[#editions + 1] = {found[at], '', '', '', ''}
  elseif held[1] then
    local edition = {found[at], held[1], held[2] or '', held[3] or '', held[4] or ''}
    for _, entry in ipairs(ask(nil, 'XREVRANGE', ARGV[4] .. found[at], '+', '-', 'COUNT', 2) or {}) do
      local past = {}
      for field = 1, #entry[2], 2 do past[entry[2][field]] = entry[2][field + 1] end
      local was, now = tonumber(past['revision']), tonumber(held[2])
      if #edition == 5 and was and now and was < now then
        edition[6], edition[7] = past['document'] or '', past['revision']
      end
    end
    editions[#editions + 1] = edition
    if newest and #editions >= most then break end
  elseif held[5] then -- otherwise deleted since it was put into the index
    stubs[#stubs + 1] = {found[at], ask(4, 'HGET', KEYS[4], found[at]) or '', found[at + 1]}
  end
end
return {ask(3, 'GET', KEYS[3]) or '', ask(2, 'GET', KEYS[2]) or '0', #found / 2, last, editions, stubs, wrong}
