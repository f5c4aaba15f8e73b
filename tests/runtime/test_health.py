"""/readyz says what is out, and what is only not as it should be."""

import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from bot.metrics import Metrics
from config.settings import given
from runtime.alarms import Alarms
from runtime.errors import SetupError
from runtime.health import Health, serve
from tests.running import free_port

BOTH = {"discord": True, "telegram": True}


async def readyz(health: Health, alarms: Mapping[str, str]) -> tuple[int, Any]:
    metrics = Metrics()
    known = Alarms(metrics)
    for name, sentence in alarms.items():
        known.report(name, sentence)
    async with serve("127.0.0.1", free_port(), lambda: health, known, lambda: metrics) as port:
        return await asked(f"http://127.0.0.1:{port}/readyz")


async def asked(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("health", "status"),
    [
        (Health(redis=True, platforms=BOTH), 200),
        (Health(redis=True, platforms={**BOTH, "discord": False}), 200),
        (Health(redis=True, platforms=dict.fromkeys(BOTH, False)), 503),
        (Health(redis=True, platforms={"telegram": False}), 503),
        (Health(redis=False, platforms=BOTH), 503),
    ],
)
async def test_503_while_redis_or_every_platform_is_out(health: Health, status: int) -> None:
    assert (await readyz(health, {}))[0] == status


async def test_what_is_wrong_is_listed_with_its_reason() -> None:
    said = {"disk": "The data folder is full: free some space.", "discord": "It refused the token."}
    health = Health(redis=False, platforms={**BOTH, "discord": False})
    _, body = await readyz(health, said)
    assert (body["ready"], body["redis"], body["discord"], body["telegram"]) == (0, 0, 0, 1)
    assert {each["name"]: each["reason"] for each in body["degraded"]} == {
        **said,
        "redis": "Redis does not answer",
    }
    _, body = await readyz(Health(redis=True, platforms=BOTH), {})
    assert body["degraded"] == []


async def test_by_default_nobody_outside_this_machine_is_served() -> None:
    assert given().http_host == "127.0.0.1"
    look, metrics = Health(redis=True, platforms=BOTH), Metrics()
    elsewhere = "127.0.0.2"  # this machine, too, by an address we were not told of
    async with serve(
        given().http_host, free_port(), lambda: look, Alarms(metrics), lambda: metrics
    ) as port:
        assert (await asked(f"http://127.0.0.1:{port}/healthz"))[0] == 200
        with pytest.raises(aiohttp.ClientConnectorError):
            await asked(f"http://{elsewhere}:{port}/healthz")


async def test_an_address_that_cannot_be_used_is_named_with_its_setting() -> None:
    look, metrics = Health(redis=True, platforms=BOTH), Metrics()

    async def starting(host: str, port: int) -> str:
        with pytest.raises(SetupError) as refused:
            async with serve(host, port, lambda: look, Alarms(metrics), lambda: metrics):
                pass
        return str(refused.value)

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "STORYWIRE_HTTP_PORT" in await starting("127.0.0.1", other.getsockname()[1])
    assert "STORYWIRE_HTTP_HOST" in await starting("192.0.2.1", free_port())
