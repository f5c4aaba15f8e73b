"""The local Discord refuses what Discord refuses, with its status, code and words."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.discord import (
    BOT,
    GENERAL,
    GUILD,
    HEADLINES,
    MIRA,
    NEWS,
    Discord,
)
from sandbox.discord.world import PINS_LIMIT
from tests.contracts.discord import DESCRIPTION, answer_violations
from tests.sandbox.discord_http import ask, post

MESSAGES = f"/channels/{NEWS}/messages"
COMMANDS = f"/applications/{BOT}/commands"


@pytest.fixture
async def here() -> AsyncIterator[Discord]:
    async with Discord(limits=False) as here:
        yield here
        if DESCRIPTION.exists():
            assert [wrong for call in here.calls for wrong in answer_violations(call)] == []


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def button(custom_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": custom_id, **more}


def menu(*values: str) -> dict[str, Any]:
    offered = [{"label": value, "value": value} for value in values]
    return {"type": 3, "custom_id": "menu", "options": offered}


LENGTH, BAD_LENGTH, REQUIRED = "BASE_TYPE_MAX_LENGTH", "BASE_TYPE_BAD_LENGTH", "BASE_TYPE_REQUIRED"


@pytest.mark.parametrize(
    ("body", "field", "code", "words"),
    [
        ({"content": "x" * 2001}, "content", LENGTH, "Must be 2000 or fewer in length."),
        ({"content": 5}, "content", "STRING_TYPE_CONVERT", 'Could not interpret "5" as string.'),
        ({"content": "x", "nonce": "n" * 26}, "nonce", LENGTH, "Must be 25 or fewer in length."),
        ({"embeds": [{}]}, "embeds.0.description", REQUIRED, "This field is required"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds", LENGTH, "Must be 10 or fewer in length."),
        (
            {"embeds": [{"title": "x" * 257}]},
            "embeds.0.title",
            LENGTH,
            "Must be 256 or fewer in length.",
        ),
        (
            {"embeds": [{"description": "x" * 4097}]},
            "embeds.0.description",
            LENGTH,
            "Must be 4096 or fewer in length.",
        ),
        (
            {"embeds": [{"description": "x" * 3001}] * 2},
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            "Embed size exceeds maximum size of 6000",
        ),
        (
            {"embeds": [{"fields": [{"name": " ", "value": "x"}]}]},
            "embeds.0.fields.0.name",
            REQUIRED,
            "This field is required",
        ),
        (
            {"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]},
            "embeds.0.fields.0.value",
            LENGTH,
            "Must be 1024 or fewer in length.",
        ),
        (
            {"embeds": [{"title": "x", "url": "javascript:alert(1)"}]},
            "embeds.0.url",
            "URL_TYPE_INVALID_SCHEME",
            "Scheme \"javascript\" must be one of ('http', 'https').",
        ),
        (
            {"embeds": [{"title": "x", "url": "ferry"}]},
            "embeds.0.url",
            "URL_TYPE_INVALID_URL",
            "Not a well formed URL.",
        ),
        (
            {"embeds": [{"title": "x", "color": 2**24}]},
            "embeds.0.color",
            "NUMBER_TYPE_MAX",
            "int value should be less than or equal to 16777215.",
        ),
        (
            {"embeds": [{"title": "x", "timestamp": "soon"}]},
            "embeds.0.timestamp",
            "DATE_TIME_TYPE_PARSE",
            "Could not parse soon. Should be ISO8601.",
        ),
        (
            {"components": [row(button(str(n))) for n in range(6)]},
            "components",
            LENGTH,
            "Must be 5 or fewer in length.",
        ),
        (
            {"components": [row()]},
            "components.0.components",
            BAD_LENGTH,
            "Must be between 1 and 5 in length.",
        ),
        (
            {"components": [row(button("a"), button("a"))]},
            "components.0.components.1.custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "Component custom id cannot be duplicated",
        ),
        (
            {"components": [row(button("x" * 101))]},
            "components.0.components.0.custom_id",
            BAD_LENGTH,
            "Must be between 1 and 100 in length.",
        ),
        (
            {"components": [row(button(label="x" * 81))]},
            "components.0.components.0.label",
            LENGTH,
            "Must be 80 or fewer in length.",
        ),
        (
            {"components": [row(button(url="https://harbour.example"))]},
            "components.0.components.0",
            "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
            "A custom id and url cannot both be specified",
        ),
        (
            {"components": [row(button(), menu("x"))]},
            "components.0",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        ),
        (
            {"components": [row(menu(*map(str, range(26))))]},
            "components.0.components.0.options",
            BAD_LENGTH,
            "Must be between 1 and 25 in length.",
        ),
        (
            {"components": [row(menu("x", "x"))]},
            "components.0.components.0.options.1.value",
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            "The specified option value is already used",
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": [MIRA]}},
            "allowed_mentions",
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
            'parse:["users"] and users: [ids...] are mutually exclusive.',
        ),
        (
            {"content": "x", "message_reference": {"message_id": "12"}},
            "message_reference",
            "REPLIES_UNKNOWN_MESSAGE",
            "Unknown message",
        ),
    ],
)
async def test_a_wrong_field_of_a_message_is_named(
    here: Discord, body: dict[str, Any], field: str, code: str, words: str
) -> None:
    for method, path in (("POST", MESSAGES), ("PATCH", f"{MESSAGES}/{await post(here, NEWS)}")):
        if method == "PATCH" and field in ("nonce", "message_reference"):
            continue
        refused = await ask(here, method, path, body)
        assert (refused.status, refused.code) == (400, 50035)
        assert refused.body["message"] == "Invalid Form Body"
        tree = refused.body["errors"]
        for step in field.split("."):
            tree = tree[step]
        assert tree["_errors"] == [{"code": code, "message": words}]


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"embeds": [{"description": "x" * 3000}] * 2},
        {"embeds": [{"title": "x" * 256, "fields": [{"name": "n", "value": "v" * 1024}] * 5}]},
        {"components": [row(*(button(f"{r}{n}") for n in range(5))) for r in range(5)]},
        {"components": [row(menu(*map(str, range(25))))]},
        {"content": "x", "nonce": "n" * 25},
        {"content": "x", "message_reference": {"message_id": "1", "fail_if_not_exists": False}},
    ],
)
async def test_what_just_fits_is_taken(here: Discord, body: dict[str, Any]) -> None:
    assert (await ask(here, "POST", MESSAGES, body)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "words"),
    [
        ("GET", "/channels/12", None, 404, 10003, "Unknown Channel"),
        ("POST", "/channels/12/messages", {"content": "x"}, 404, 10003, "Unknown Channel"),
        ("GET", f"{MESSAGES}/12", None, 404, 10008, "Unknown Message"),
        ("PATCH", f"{MESSAGES}/12", {"content": "x"}, 404, 10008, "Unknown Message"),
        ("DELETE", f"{MESSAGES}/12", None, 404, 10008, "Unknown Message"),
        ("PUT", f"{MESSAGES}/pins/12", None, 404, 10008, "Unknown Message"),
        ("GET", "/guilds/12", None, 404, 10004, "Unknown Guild"),
        ("GET", f"/guilds/{GUILD}/members/12", None, 404, 10007, "Unknown Member"),
        ("GET", f"/guilds/{GUILD}/roles/12", None, 404, 10011, "Unknown Role"),
        ("GET", "/users/12", None, 404, 10013, "Unknown User"),
        ("GET", f"{COMMANDS}/12", None, 404, 10063, "Unknown application command"),
        (
            "POST",
            "/interactions/12/unheard-of/callback",
            {"type": 5},
            404,
            10062,
            "Unknown interaction",
        ),
        ("POST", f"/webhooks/{BOT}/unheard-of", {"content": "x"}, 404, 10015, "Unknown Webhook"),
        (
            "PATCH",
            f"/webhooks/{BOT}/unheard-of/messages/@original",
            {"content": "x"},
            404,
            10015,
            "Unknown Webhook",
        ),
        ("POST", MESSAGES, {"content": "  "}, 400, 50006, "Cannot send an empty message"),
        ("POST", MESSAGES, {"embeds": []}, 400, 50006, "Cannot send an empty message"),
        ("POST", MESSAGES, [], 400, 50035, "Invalid Form Body"),
    ],
)
async def test_what_is_not_there_is_refused_by_name(
    here: Discord, method: str, path: str, body: Any, status: int, code: int, words: str
) -> None:
    refused = await ask(here, method, path, body)
    assert (refused.status, refused.code, refused.body["message"]) == (status, code, words)
    assert here.unknown_calls == []


@pytest.mark.parametrize(
    ("denied", "method", "path", "body", "status", "code"),
    [
        ("VIEW_CHANNEL", "POST", MESSAGES, {"content": "x"}, 403, 50001),
        ("VIEW_CHANNEL", "GET", f"/channels/{NEWS}", None, 403, 50001),
        ("VIEW_CHANNEL", "PATCH", MESSAGES + "/{id}", {"content": "x"}, 403, 50001),
        ("VIEW_CHANNEL", "PUT", MESSAGES + "/pins/{id}", None, 403, 50001),
        ("SEND_MESSAGES", "POST", MESSAGES, {"content": "x"}, 403, 50013),
        ("EMBED_LINKS", "POST", MESSAGES, {"embeds": [{"title": "x"}]}, 403, 50013),
        ("EMBED_LINKS", "PATCH", MESSAGES + "/{id}", {"embeds": [{"title": "x"}]}, 403, 50013),
        ("PIN_MESSAGES", "PUT", MESSAGES + "/pins/{id}", None, 403, 50013),
        ("PIN_MESSAGES", "DELETE", f"/channels/{NEWS}/pins/{{id}}", None, 403, 50013),
        ("READ_MESSAGE_HISTORY", "GET", MESSAGES + "/{id}", None, 403, 50013),
        ("CREATE_PUBLIC_THREADS", "POST", MESSAGES + "/{id}/threads", {"name": "x"}, 403, 50013),
        (
            "READ_MESSAGE_HISTORY",
            "POST",
            MESSAGES,
            {"content": "x", "message_reference": {"message_id": "{id}"}},
            400,
            160002,
        ),
    ],
)
async def test_rights_count_in_each_channel(
    here: Discord, denied: str, method: str, path: str, body: Any, status: int, code: int
) -> None:
    message = await post(here, NEWS)
    path = path.replace("{id}", message)
    here.deny(NEWS, denied)
    refused = await ask(here, method, path, body)
    assert (refused.status, refused.code) == (status, code)
    elsewhere = await ask(here, "POST", f"/channels/{GENERAL}/messages", {"content": "x"})
    assert elsewhere.status == 200
    here.allow(NEWS, denied)
    if code != 160002:
        assert (await ask(here, method, path, body)).status < 300


async def test_an_edit_without_sending_rights_is_still_an_edit(here: Discord) -> None:
    message = await post(here, NEWS)
    here.deny(NEWS, "SEND_MESSAGES")
    assert (await ask(here, "PATCH", f"{MESSAGES}/{message}", {"content": "y"})).status == 200


async def test_without_the_history_lists_are_empty(here: Discord) -> None:
    message = await post(here, NEWS)
    await ask(here, "PUT", f"{MESSAGES}/pins/{message}")
    here.deny(NEWS, "READ_MESSAGE_HISTORY")
    assert (await ask(here, "GET", MESSAGES)).body == []
    assert (await ask(here, "GET", f"{MESSAGES}/pins")).body["items"] == []


async def test_other_peoples_messages_are_theirs(here: Discord) -> None:
    said = here.say(MIRA, NEWS, "mine")["id"]
    edited = await ask(here, "PATCH", f"{MESSAGES}/{said}", {"content": "x"})
    assert (edited.status, edited.code) == (403, 50005)
    deleted = await ask(here, "DELETE", f"{MESSAGES}/{said}")
    assert (deleted.status, deleted.code) == (403, 50013)
    here.allow(NEWS, "MANAGE_MESSAGES")
    assert (await ask(here, "DELETE", f"{MESSAGES}/{said}")).status == 204


async def test_an_edit_may_not_leave_nothing(here: Discord) -> None:
    message = await post(here, NEWS)
    refused = await ask(here, "PATCH", f"{MESSAGES}/{message}", {"content": ""})
    assert refused.code == 50006


async def test_a_pins_list_is_full_at_250(here: Discord) -> None:
    where = here.world.channel(NEWS)
    for _ in range(PINS_LIMIT):
        made = here.world.post(where, MIRA, {"content": "x"})
        here.world.pin(made, MIRA)
    refused = await ask(here, "PUT", f"{MESSAGES}/pins/{await post(here, NEWS)}")
    assert (refused.status, refused.code) == (400, 30003)
    pages = await ask(here, "GET", f"{MESSAGES}/pins")
    assert (len(pages.body["items"]), pages.body["has_more"]) == (50, True)


async def test_system_messages_are_nobodys_to_change(here: Discord) -> None:
    await ask(here, "PUT", f"{MESSAGES}/pins/{await post(here, NEWS)}")
    system = here.messages(NEWS)[-1]["id"]
    for method, path in (
        ("PUT", f"{MESSAGES}/pins/{system}"),
        ("PATCH", f"{MESSAGES}/{system}"),
    ):
        refused = await ask(here, method, path, {"content": "x"} if method == "PATCH" else None)
        assert (refused.status, refused.code) == (403, 50021)


async def test_only_announcements_are_published(here: Discord) -> None:
    refused = await ask(here, "POST", f"{MESSAGES}/{await post(here, NEWS)}/crosspost")
    assert refused.code == 50024
    path = f"/channels/{HEADLINES}/messages/{await post(here, HEADLINES)}/crosspost"
    assert (await ask(here, "POST", path)).status == 200
    assert (await ask(here, "POST", path)).code == 40033


async def test_a_person_may_refuse_direct_messages(here: Discord) -> None:
    here.refuse_dms(MIRA)
    made = await ask(here, "POST", "/users/@me/channels", {"recipient_id": MIRA})
    refused = await ask(here, "POST", f"/channels/{made.body['id']}/messages", {"content": "x"})
    assert (refused.status, refused.code) == (403, 50007)
    here.refuse_dms(MIRA, refused=False)
    await post(here, made.body["id"])


async def test_a_locked_thread_takes_nothing(here: Discord) -> None:
    message = await post(here, NEWS)
    await ask(here, "POST", f"{MESSAGES}/{message}/threads", {"name": "Ferry"})
    here.archive(message, locked=True)
    refused = await ask(here, "POST", f"/channels/{message}/messages", {"content": "x"})
    assert refused.code == 160005


async def test_who_may_write_in_a_thread_may_wake_it_unless_it_is_locked(here: Discord) -> None:
    thread = here.add_thread(NEWS, "Ferry")
    path, awake = f"/channels/{thread}", {"archived": False}
    here.archive(thread)
    woken = await ask(here, "PATCH", path, awake)
    assert (woken.status, woken.body["thread_metadata"]["archived"]) == (200, False)
    assert (await ask(here, "PATCH", path, {"archived": True})).code == 50013
    here.archive(thread, locked=True)
    assert (await ask(here, "PATCH", path, awake)).code == 50013
    here.allow(NEWS, "MANAGE_THREADS")
    assert (await ask(here, "PATCH", path, awake)).status == 200
    here.deny(NEWS, "MANAGE_THREADS", "SEND_MESSAGES_IN_THREADS")
    here.archive(thread)
    assert (await ask(here, "PATCH", path, awake)).code == 50013


@pytest.mark.parametrize("kind", ["forum", "category", "stage"])
async def test_nothing_is_said_where_no_messages_are(here: Discord, kind: str) -> None:
    path = f"/channels/{here.add_channel('harbour', kind)}"
    assert (await ask(here, "GET", path)).status == 200
    refused = await ask(here, "POST", f"{path}/messages", {"content": "x"})
    assert (refused.status, refused.code) == (400, 50008)


async def test_a_harmful_link_is_refused_wherever_it_stands(here: Discord) -> None:
    here.filter_links("bad.example")
    bad = "https://bad.example/x"
    embed = {"title": "Ferry", "description": "It is back"}
    for body in (
        {"content": f"See {bad}"},
        {"embeds": [{**embed, "description": f"[bad](<{bad}>)"}]},
        {"embeds": [{**embed, "thumbnail": {"url": bad}}]},
    ):
        refused = await ask(here, "POST", MESSAGES, body)
        assert (refused.status, refused.code) == (400, 240000)
    made = await ask(here, "POST", MESSAGES, {"embeds": [embed]})
    refused = await ask(here, "PATCH", f"{MESSAGES}/{made.body['id']}", {"content": bad})
    assert refused.code == 240000


def command(name: str = "faq", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "Ask", **more}


def option(name: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "Words", "type": 3, **more}


@pytest.mark.parametrize(
    ("commands", "field", "code"),
    [
        ([command("Faq")], "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
        ([command("a b")], "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
        ([command("x" * 33)], "0.name", BAD_LENGTH),
        ([command(description="")], "0.description", REQUIRED),
        ([command(description="x" * 101)], "0.description", BAD_LENGTH),
        ([command(), command()], "1.name", "APPLICATION_COMMANDS_DUPLICATE_NAME"),
        ([command(options=[option(str(n)) for n in range(26)])], "0.options", LENGTH),
        (
            [command(options=[option("a"), option("b", required=True)])],
            "0.options.1",
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        (
            [command(options=[option(), option()])],
            "0.options.1.name",
            "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
        ),
        (
            [command(options=[option(choices=[{"name": "n", "value": "x" * 101}])])],
            "0.options.0.choices.0.value",
            LENGTH,
        ),
        (
            [command(name_localizations={"de": "Frage"})],
            "0.name_localizations.de",
            "APPLICATION_COMMAND_INVALID_NAME",
        ),
        (
            [
                command(
                    options=[
                        option(
                            str(n), choices=[{"name": f"{i}", "value": "v" * 99} for i in range(20)]
                        )
                        for n in range(5)
                    ]
                )
            ],
            "0",
            "APPLICATION_COMMAND_TOO_LARGE",
        ),
    ],
)
async def test_wrong_commands_are_not_registered(
    here: Discord, commands: list[dict[str, Any]], field: str, code: str
) -> None:
    refused = await ask(here, "PUT", COMMANDS, commands)
    assert (refused.status, refused.code) == (400, 50035)
    tree = refused.body["errors"]
    for step in field.split("."):
        tree = tree[step]
    assert tree["_errors"][0]["code"] == code
    assert here.commands.all() == []


async def test_a_hundred_commands_are_enough(here: Discord) -> None:
    many = [command(f"c{n}") for n in range(101)]
    refused = await ask(here, "PUT", COMMANDS, many)
    assert (refused.status, refused.code) == (400, 30032)
    assert (await ask(here, "PUT", COMMANDS, many[:100])).status == 200


async def test_names_in_any_script_are_names(here: Discord) -> None:
    translated = command("история", name_localizations={"hi": "कहानी"})
    assert (await ask(here, "PUT", COMMANDS, [translated])).status == 200


async def test_in_the_menu_of_a_message_translated_names_may_have_spaces(here: Discord) -> None:
    menu = {"type": 3, "name": "Pin this", "name_localizations": {"de": "Das anheften"}}
    assert (await ask(here, "PUT", COMMANDS, [menu])).status == 200


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_wrong_token_opens_nothing(here: Discord, token: str) -> None:
    for path in ("/users/@me", f"/channels/{NEWS}", "/gateway/bot"):
        refused = await ask(here, "GET", path, token=token)
        assert (refused.status, refused.body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_what_the_sandbox_lacks_is_said_and_remembered(here: Discord) -> None:
    refused = await ask(here, "GET", f"/channels/{NEWS}/webhooks")
    assert (refused.status, refused.body) == (404, {"message": "404: Not Found", "code": 0})
    v2 = await ask(here, "POST", MESSAGES, {"flags": 1 << 15, "components": []})
    assert v2.body["message"] == "a message of Components V2 is not in the sandbox"
    assert here.unknown_calls == [
        f"GET /channels/{NEWS}/webhooks",
        f"POST {MESSAGES}: a message of Components V2 is not in the sandbox",
    ]


@pytest.mark.parametrize(
    ("kind", "sent", "code"),
    [("text/plain", b"{}", 50035), ("application/json", b"{", 50109)],
)
async def test_a_body_that_is_no_json_is_refused(
    here: Discord, kind: str, sent: bytes, code: int
) -> None:
    headers = {"Authorization": f"Bot {here.token}", "Content-Type": kind}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(here.api_url + MESSAGES, data=sent) as response,
    ):
        assert response.status == 400
        assert (await response.json())["code"] == code


async def test_answers_are_json_and_say_nothing_else(here: Discord) -> None:
    answered = await ask(here, "GET", "/users/@me")
    assert answered.headers["Content-Type"] == "application/json"
