-- Accept one revision of a story, atomically. It moves bytes and compares hashes, but parses nothing.
-- KEYS: story, history, index, seq, epoch, log, stubs
-- ARGV: id, revision ("" leaves the counting to us), hash, document, now (ms), wake channel,
--       an initial epoch, number of revisions to keep, whether the story is over ("1"),
--       the revision that the log was written from (0: none), the log ("" leaves it as it is),
--       that revision's document, and when it was received (ms): both "" unless it left full memory
-- Unreadable values are not overwritten.
for number, kind in pairs({'hash', 'stream', 'zset', 'string', 'string', [7] = 'hash'}) do
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
if stored ~= tonumber(ARGV[10]) then return {'moved', stored, 0} end -- another revision came in between
revision = revision or stored + 1

redis.call('SET', KEYS[5], ARGV[7], 'NX')
local epoch = redis.call('GET', KEYS[5])
local seq = redis.call('INCR', KEYS[4])
local number = string.format('%.0f', revision)
redis.call('HSET', KEYS[1], 'revision', number, 'hash', ARGV[3], 'document', ARGV[4],
  'heard_at', ARGV[5], 'seq', seq, 'over', ARGV[9])
redis.call('HDEL', KEYS[1], 'deflated', 'stage')
redis.call('HDEL', KEYS[7], ARGV[1])
if ARGV[12] ~= '' and redis.call('EXISTS', KEYS[2]) == 0 then -- back in full memory
  redis.call('XADD', KEYS[2], ARGV[13] .. '-0', 'revision', string.format('%.0f', stored), 'document', ARGV[12])
end
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[8], '*', 'revision', number, 'document', ARGV[4])
if ARGV[11] ~= '' then redis.call('SET', KEYS[6], ARGV[11]) end
redis.call('ZADD', KEYS[3], seq, ARGV[1])
redis.call('PUBLISH', ARGV[6], string.format(
  '{"id":"%s","revision":%s,"seq":%d,"epoch":"%s"}', ARGV[1], number, seq, epoch))
return {'accepted', revision, seq}
