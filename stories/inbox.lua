-- The consumer's pending inbox entries, oldest first; if there are none, more are claimed. Documents
-- that are too large are returned cut, and the entries of one call are limited in size.
-- KEYS: inbox; ARGV: the most bytes of a document, the most entries
local limit, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local entries, size = {}, 0
for _, which in ipairs({'0', '>'}) do
  local after = which
  while #entries < most and size < limit do
    local answer = redis.call('XREADGROUP', 'GROUP', 'editors', 'editor', 'COUNT', 1, 'STREAMS', KEYS[1], after)
    local entry = answer and answer[1] and answer[1][2][1]
    if not entry then break end
    local id, fields, document = entry[1], entry[2], false
    for number = 1, fields and #fields or 0, 2 do
      if fields[number] == 'story' then document = string.sub(fields[number + 1], 1, limit + 1) end
    end
    size = size + #(document or '')
    entries[#entries + 1] = {id, fields and 1 or 0, document}
    if which == '0' then after = id end
  end
  if #entries > 0 then break end
end
return entries
