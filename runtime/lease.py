"""Leases in Redis: at most one holder of a name, and a standby that takes over."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis

from runtime.away import StorageAway
from runtime.connection import storage
from runtime.errors import LeaseLost
from runtime.records import Skipped
from runtime.together import TRY

log = logging.getLogger(__name__)

LASTS_S = 10.0
"""Seconds that a lease outlives a holder that died."""
RENEW_S = 3.0
LEAVE_S = 3.0
"""Seconds to wait for Redis when releasing the lease: a process told to stop has little time."""

# Take the lease if it is free or ours, and renew it. Idempotent.
_HOLD = f"""{TRY}
local holder = try('GET', KEYS[1])
if holder == nil then return -1 end
if holder and holder ~= ARGV[1] then
    return redis.call('PTTL', KEYS[1]) < 0 and -1 or 0 -- what never ends is no lease of ours
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_LEAVE = f"{TRY} if try('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class RedisLease:
    """One name that at most one process holds at a time."""

    def __init__(
        self,
        redis: Redis,
        name: str,
        prefix: str = "storywire",
        skipped: Skipped | None = None,
    ) -> None:
        self._name = name
        self._redis = redis
        self._skipped = skipped or Skipped()
        self.key = f"{prefix}:lease:{name}"
        self.token = secrets.token_hex(8)
        self._hold_script = redis.register_script(_HOLD)
        self._leave_script = redis.register_script(_LEAVE)
        self._proved = -LASTS_S

    @property
    def sure(self) -> bool:
        """Whether we provably hold the lease: false if we don't, or if the storage is away.

        True guarantees that nobody else can get it for at least another second, because our clock
        starts before the renewal is sent.
        """
        return asyncio.get_running_loop().time() < self._proved + LASTS_S - 1.0

    @storage
    async def taken(self) -> bool:
        """Whether another process holds it right now."""
        asked = self._redis.get(self.key)
        holder = await self._skipped.ask("lease", self.key, asked, b"of another type")
        return holder is not None and holder != self.token.encode()

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[None]:
        """Wait for the lease and keep it while inside the block.

        If another process takes it over, the block is cancelled and LeaseLost is raised in an
        ExceptionGroup. While the storage is away the block continues, with `sure` false.
        """
        await self._win()
        try:
            async with asyncio.TaskGroup() as tasks:
                keeper = tasks.create_task(self._keep(), name=f"lease {self._name}")
                yield
                keeper.cancel()
        finally:
            self._proved = -LASTS_S
            with suppress(StorageAway, TimeoutError):  # then it expires by itself
                async with asyncio.timeout(LEAVE_S):
                    await self._leave()

    async def _win(self) -> None:
        said = ""
        while True:
            try:
                if await self._hold():
                    log.info("lease held", extra={"lease": self._name})
                    return
                if said != "standing by":
                    said = "standing by"
                    log.info(said, extra={"lease": self._name})
            except StorageAway as away:
                if said != str(away):
                    said = str(away)
                    log.warning("waiting for the storage", extra={"why": said})
            await asyncio.sleep(RENEW_S / 3)

    async def _keep(self) -> None:
        said = ""
        while True:
            await asyncio.sleep(RENEW_S if self.sure else RENEW_S / 3)
            try:
                if not await self._hold():
                    raise LeaseLost(self._name)
                said = ""
            except StorageAway as away:
                if said != str(away):
                    said = str(away)
                    log.warning("lease not renewed", extra={"why": said})

    @storage
    async def _hold(self) -> bool:
        asked = asyncio.get_running_loop().time()
        answer = await self._hold_script([self.key], [self.token, int(LASTS_S * 1000)])
        if answer < 0:
            why = "who holds it is not known; delete the key when no other process runs"
            self._skipped.note("lease", self.key, why)
        held = bool(answer == 1)
        if held:
            self._proved = asked
        return held

    @storage
    async def _leave(self) -> None:
        await self._leave_script([self.key], [self.token])
