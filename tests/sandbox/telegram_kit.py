"""What the tests of the local Telegram share: bots, and the check of their calls at the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telegram import Update
from telegram.ext import Application, BaseHandler, ExtBot
from telegram.request import HTTPXRequest

from sandbox.telegram import Telegram
from tests.contracts.telegram import DESCRIPTION, answer_violations, request_violations


@asynccontextmanager
async def served(*, refused: bool = False, **options: Any) -> AsyncIterator[Telegram]:
    """A Telegram without flood limits; at the end its calls are held against the description.

    refused: the test's calls are meant to be wrong, so only the answers are held against it.
    """
    async with Telegram(**{"limits": False} | options) as telegram:
        yield telegram
        if not refused:
            assert telegram.unknown_calls == []
        if DESCRIPTION.exists():
            for call in telegram.calls:
                assert answer_violations(call) == []
                assert refused or request_violations(call) == []


def quick() -> HTTPXRequest:
    """The library's own connection, spared reading every certificate authority for plain HTTP."""
    return HTTPXRequest(httpx_kwargs={"verify": False})


@asynccontextmanager
async def bot_of(telegram: Telegram) -> AsyncIterator[ExtBot[None]]:
    """A bot that calls and does not listen."""
    bot: ExtBot[None] = ExtBot(
        telegram.token,
        base_url=f"{telegram.api_url}/bot",
        request=quick(),
        get_updates_request=quick(),
    )
    async with bot:
        yield bot


async def polled(telegram: Telegram) -> None:
    """Wait until a bot waits for updates."""
    changes = telegram.watch()
    async with asyncio.timeout(5):
        while not telegram.connected:
            await anext(changes)
    await changes.aclose()


@asynccontextmanager
async def listening(
    telegram: Telegram, *handlers: BaseHandler[Any, Any, Any], **polling: Any
) -> AsyncIterator[Application[Any, Any, Any, Any, Any, Any]]:
    """A bot that polls and answers with these handlers."""
    application = (
        Application.builder()
        .token(telegram.token)
        .base_url(f"{telegram.api_url}/bot")
        .request(quick())
        .get_updates_request(quick())
        .build()
    )
    application.add_handlers(handlers)
    assert application.updater
    async with application:
        await application.updater.start_polling(**{"allowed_updates": Update.ALL_TYPES} | polling)
        await application.start()
        try:
            yield application
            await telegram.settle()  # a client stopped in the middle of a poll may lose its place
        finally:
            await application.updater.stop()
            await application.stop()
