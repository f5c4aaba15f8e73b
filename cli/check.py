"""`storywire check`: what is wrong with the setup, and how to fix it."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from bot.app import platforms_for
from bot.metrics import Metrics
from bot.model.chat import Chat, Permission
from bot.model.errors import SendFailed
from bot.model.rule import Rule
from bot.platforms.port import Platform
from bot.storage.highwater import COST
from config.settings import Settings
from runtime.alarms import Alarms
from runtime.connection import Gate, connect
from runtime.data_folder import DataFolder
from runtime.errors import SetupError
from runtime.layout import Layout
from runtime.needs import faults, hints


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    good: bool
    sentence: str
    hint: bool = False
    """True if it isn't wrong but may be unintended."""

    def __str__(self) -> str:
        mark = "note" if self.hint else "ok  " if self.good else "FIX "
        return f"{mark}  {self.sentence}"


async def check(settings: Settings, chats: Mapping[Chat, Rule]) -> list[Finding]:
    """Check Redis, both tokens and the permissions in every chat of the file."""
    findings = [Finding(True, "the settings can be read"), *await _redis(settings)]
    findings += _data_folder(settings)
    try:
        platforms = platforms_for(settings)
    except SetupError as error:
        return [*findings, Finding(False, str(error))]
    for platform in platforms:
        own = sorted(chat for chat in chats if chat.platform == platform.name)
        findings += [finding async for finding in _platform(platform, own)]
    served = {platform.name for platform in platforms}
    findings += [
        Finding(False, f"{chat} is in the file, but there's no token for {chat.platform}")
        for chat in sorted(chats)
        if chat.platform not in served
    ]
    return findings


async def _redis(settings: Settings) -> list[Finding]:
    async with connect(settings.redis_url) as redis:
        found = [Finding(False, wrong) async for wrong in faults(redis, settings.prefix)]
        if not found:
            layout = Layout(redis, Gate(), Alarms(Metrics()), settings.prefix)
            found = [Finding(False, why)] if (why := await layout.fault()) else []
        if found:
            return found
        hinted = [Finding(True, said, hint=True) async for said in hints(redis)]
    return [Finding(True, "Redis accepts and keeps what the bot needs"), *hinted]


def _data_folder(settings: Settings) -> list[Finding]:
    alarms = Alarms(Metrics())
    DataFolder(settings.data_dir, alarms, cost=COST).look()
    return [Finding(False, sentence) for sentence in alarms.active.values()]


async def _platform(platform: Platform, chats: list[Chat]) -> AsyncGenerator[Finding]:
    try:
        async with platform.visit() as name:
            yield Finding(True, f"{platform.name}: the token belongs to {name}")
            for chat in chats:
                yield await _chat(platform, chat)
    except SetupError as error:
        yield Finding(False, str(error))
    except SendFailed as failed:
        yield Finding(False, f"{platform.name} can't be reached: {failed}")


async def _chat(platform: Platform, chat: Chat) -> Finding:
    try:
        missing = {
            *await platform.lacks(chat, Permission.POST),
            *await platform.lacks(chat, Permission.PIN),
        }
    except SendFailed as failed:
        return Finding(False, f"{chat}: {failed}")
    if missing:
        names = ", ".join(sorted(missing))
        return Finding(False, f"{chat}: give the bot {names} in this chat's settings")
    return Finding(True, f"{chat}: the bot can post and pin")
