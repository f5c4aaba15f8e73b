-- Accept one revision of a story, whole or not at all. Moves bytes and compares hashes; parses nothing.
-- KEYS: story, history, index, seq, epoch
-- ARGV: id, revision ("" leaves the counting to us), hash, document, now (ms), wake channel,
--       an epoch to begin with, revisions kept, ms kept
-- What cannot be read is not written over.
for number, kind in ipairs({'hash', 'stream', 'zset', 'string', 'string'}) do
  local found = redis.call('TYPE', KEYS[number]).ok
  if found ~= 'none' and found ~= kind then return {'unreadable', number, 0} end
end
local held = redis.call('HMGET', KEYS[1], 'revision', 'hash')
if not string.find(held[1] or '0', '^%d+$') then return {'unreadable', 1, 0} end
if not string.find(redis.call('GET', KEYS[4]) or '0', '^%d+$') then return {'unreadable', 4, 0} end
local stored = tonumber(held[1] or '0')
local revision = tonumber(ARGV[2])
local same = held[2] == ARGV[3]

if same and (not revision or revision == stored) then return {'same', stored, 0} end
if revision and revision < stored then return {'stale', stored, 0} end
if revision and revision == stored then return {'conflict', stored, 0} end
revision = revision or stored + 1

redis.call('SET', KEYS[5], ARGV[7], 'NX')
local epoch = redis.call('GET', KEYS[5])
local seq = redis.call('INCR', KEYS[4])
local number = string.format('%.0f', revision)
redis.call('HSET', KEYS[1], 'revision', number, 'hash', ARGV[3], 'document', ARGV[4],
  'heard_at', ARGV[5], 'seq', seq)
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[8], '*', 'revision', number, 'document', ARGV[4])
redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f', tonumber(ARGV[5]) - tonumber(ARGV[9])))
redis.call('ZADD', KEYS[3], seq, ARGV[1])
redis.call('PUBLISH', ARGV[6], string.format(
  '{"id":"%s","revision":%s,"seq":%d,"epoch":"%s"}', ARGV[1], number, seq, epoch))
return {'accepted', revision, seq}
