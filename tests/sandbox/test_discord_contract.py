"""Discord's description bites: what it does not describe is found, on both sides of a call."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.calls import Call
from sandbox.discord import NEWS, Discord
from tests.contracts.discord import needs_description, violations
from tests.sandbox.discord_http import ask, post

pytestmark = needs_description
MESSAGES = f"/channels/{NEWS}/messages"


async def good_call() -> Call:
    async with Discord(limits=False) as here:
        body = {"embeds": [{"title": "Ferry", "color": 5}], "flags": 4096}
        assert (await ask(here, "POST", MESSAGES, body)).status == 200
        (call,) = here.calls
        assert violations([call]) == []
        return call


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"content": 5}, "$.content"),
        ({"content": "x", "silent": True}, "'silent' was unexpected"),
        ({"embeds": [{"titel": "Ferry"}]}, "'titel' was unexpected"),
        ({"embeds": [{"title": "x" * 257}]}, "$.embeds[0].title"),
        ({"embeds": [{"color": "red"}]}, "$.embeds[0].color"),
        ({"message_reference": {}}, "'message_id' is a required property"),
    ],
)
async def test_a_wrong_request_is_found(body: dict[str, Any], names: str) -> None:
    (found,) = violations([replace(await good_call(), body=body)])
    assert found.startswith(f"POST {MESSAGES}: ")
    assert names in found


async def test_a_wrong_answer_is_found() -> None:
    call = await good_call()
    without_author = {k: v for k, v in call.answer.items() if k != "author"}
    for answer, names in (
        (without_author, "'author' is a required property"),
        ({**call.answer, "id": 12}, "$.id"),
        ({**call.answer, "mood": "calm"}, "'mood' was unexpected"),
        (None, "None is not of type 'object'"),
    ):
        (found,) = violations([replace(call, answer=answer)])
        assert found.startswith(f"POST {MESSAGES} → 200: ")
        assert names in found


async def test_routes_queries_and_states_that_are_not_there_are_found() -> None:
    call = await good_call()
    for change, names in (
        ({"path": "/channels/1/gossip"}, "no such route"),
        ({"method": "PUT"}, "no such route"),
        ({"query": {"loud": "1"}}, "?loud is unknown"),
        ({"status": 204, "answer": None}, "does not answer so"),
    ):
        (found,) = violations([replace(call, **change)])
        assert names in found


async def test_a_call_the_sandbox_really_got_wrong_is_found() -> None:
    async with Discord(limits=False) as here:
        await post(here, NEWS)
        await ask(here, "POST", MESSAGES, {"content": "x", "flags": "loud"})
        (found,) = violations(here.calls)
        assert "'loud' is not of type 'integer'" in found
