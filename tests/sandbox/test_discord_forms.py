"""Whatever a bot sends, the local Discord takes it or refuses it in words; it never breaks."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.discord.commands import Commands
from sandbox.discord.forms import Form, read_message
from sandbox.discord.modals import read_modal
from sandbox.discord.refusals import Refusal
from sandbox.discord.world import GUILD, World

FIELDS = sorted(
    {
        *("content", "embeds", "components", "allowed_mentions", "flags", "nonce", "tts"),
        *("title", "description", "url", "color", "timestamp", "footer", "author", "fields"),
        *("image", "thumbnail", "name", "value", "inline", "text", "icon_url"),
        *("type", "style", "label", "custom_id", "emoji", "disabled", "options", "id"),
        *("min_values", "max_values", "placeholder", "default", "parse", "users", "roles"),
        *("default_values", "channel_types"),
        *("choices", "autocomplete", "required", "contexts", "default_member_permissions"),
        *("name_localizations", "description_localizations", "integration_types", "de"),
    }
)
SMALL = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 40), st.floats(allow_nan=False), st.text(max_size=5)
)
WORTHY = st.sampled_from(["x", "faq", "https://a.example", "🚢", "2026-01-01T00:00:00Z", "users"])
ANYTHING = st.recursive(
    SMALL | WORTHY,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
    ),
    max_leaves=25,
)


def objects(*fields: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(fields, ANYTHING))


BUTTONS = st.fixed_dictionaries(
    {"type": st.sampled_from([2, 3, 5, 9])},
    optional=dict.fromkeys(
        (
            *("style", "label", "custom_id", "url", "emoji", "options", "min_values", "id"),
            *("default_values", "channel_types"),
        ),
        ANYTHING,
    ),
)
ROWS = st.fixed_dictionaries({"type": st.just(1), "components": st.lists(BUTTONS, max_size=3)})
EMBEDS = objects("title", "url", "color", "timestamp", "footer", "author", "fields", "image")
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "content": ANYTHING,
        "flags": ANYTHING,
        "allowed_mentions": objects("parse", "users", "roles") | ANYTHING,
        "embeds": st.lists(EMBEDS, max_size=3) | ANYTHING,
        "components": st.lists(ROWS, max_size=2) | ANYTHING,
    },
)
OPTIONS = st.fixed_dictionaries(
    {"type": st.integers(1, 11) | ANYTHING, "name": st.just("text") | ANYTHING},
    optional=dict.fromkeys(
        ("description", "options", "choices", "required", "autocomplete", "name_localizations"),
        ANYTHING,
    ),
)
COMMANDS = st.fixed_dictionaries(
    {"name": st.just("faq") | ANYTHING, "description": st.just("Ask") | ANYTHING},
    optional={
        "type": st.integers(1, 3) | ANYTHING,
        "options": st.lists(OPTIONS, max_size=3) | ANYTHING,
        "contexts": ANYTHING,
        "integration_types": ANYTHING,
        "default_member_permissions": ANYTHING,
        "name_localizations": ANYTHING,
        "nsfw": ANYTHING,
    },
)


FIELDS_OF_FORMS = st.fixed_dictionaries(
    {"type": st.sampled_from([2, 3, 4, 5, 6, 8, 19])},
    optional=dict.fromkeys(
        (
            *("style", "label", "custom_id", "placeholder", "value", "required", "options"),
            *("min_length", "max_length", "min_values", "max_values", "default_values"),
        ),
        ANYTHING,
    ),
)
PARTS_OF_FORMS = st.fixed_dictionaries(
    {"type": st.sampled_from([1, 10, 18, 3])},
    optional={
        "components": st.lists(FIELDS_OF_FORMS, max_size=2) | ANYTHING,
        "component": FIELDS_OF_FORMS | ANYTHING,
        "label": ANYTHING,
        "description": ANYTHING,
        "content": ANYTHING,
    },
)
MODALS = st.fixed_dictionaries(
    {"custom_id": st.just("form") | ANYTHING, "title": st.just("Form") | ANYTHING},
    optional={"components": st.lists(PARTS_OF_FORMS, max_size=3) | ANYTHING},
)


def read(body: Any) -> Any:
    form = Form()
    message = read_message(form, body)
    form.check()
    return message


def register(body: Any) -> Any:
    world = World(lambda event, data, channel: None)
    return [Commands(world).overwrite(scope, body) for scope in (None, GUILD)]


def outcome(use: Callable[[Any], Any], body: Any) -> tuple[int, Any]:
    try:
        return 200, use(body)
    except Refusal as refused:
        return refused.status, refused.body()


@settings(max_examples=300, deadline=None)
@given(MESSAGES)
def test_any_message_is_taken_or_refused(body: Any) -> None:
    status, answer = outcome(read, body)
    assert status in (200, 400, 501)
    assert json.dumps(answer)


@settings(max_examples=300, deadline=None)
@given(MODALS)
def test_any_form_is_taken_or_refused(body: Any) -> None:
    status, answer = outcome(read_modal, body)
    assert status in (200, 400, 501)
    assert json.dumps(answer)


@settings(max_examples=300, deadline=None)
@given(st.lists(COMMANDS, max_size=2))
def test_any_commands_are_taken_or_refused(body: Any) -> None:
    status, answer = outcome(register, body)
    assert status in (200, 400, 501)
    assert json.dumps(answer)
