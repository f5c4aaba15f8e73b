"""Interactions, from the bot's side: a first answer within three seconds,
then edits and follow- ups.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord import refusals
from sandbox.discord.forms import Form, Path, is_empty, read_message
from sandbox.discord.modals import read_modal
from sandbox.discord.world import BOT, EPHEMERAL, GUILD, LOADING, Channel, Json, Post, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
"""Interaction types: what a person did."""

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
"""Types of a bot's first answer."""

ANSWERS: Mapping[int, tuple[int, ...]] = {
    COMMAND: (MESSAGE, DEFERRED_MESSAGE, MODAL),
    COMPONENT: (MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE),
}
CHOICES_LIMIT = 25


@dataclass(slots=True, eq=False)
class Interaction:
    """One thing a person did, and how the bot answered."""

    id: str
    token: str
    kind: int
    person: str
    channel: Channel
    label: str | None
    source: Post | None
    """The message whose button or menu was used."""
    asked_at: float = field(default_factory=time.monotonic)
    answered_with: int | None = None
    """The type of the first answer."""
    acknowledged_after: float = 0.0
    original: Post | None = None
    followups: list[Post] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the person sees a real answer, not only "thinking…"."""

    @property
    def ephemeral(self) -> bool:
        """Whether only the person sees the answer."""
        return self.original is not None and self.original.seen_by is not None


class Interactions:
    """All interactions so far, by token."""

    def __init__(self, world: World) -> None:
        self.answer_within = 3.0
        """Seconds within which the first answer must arrive."""
        self.token_life = 900.0
        """Seconds during which an answer can be edited and followed up."""
        self._world = world
        self._by_token: dict[str, Interaction] = {}

    def open(
        self, kind: int, person: str, channel: Channel, label: str | None, source: Post | None
    ) -> Interaction:
        """Start an interaction: a person did something in a channel."""
        token = secrets.token_urlsafe(64)
        interaction = Interaction(self._world.new_id(), token, kind, person, channel, label, source)
        self._by_token[token] = interaction
        return interaction

    # -- the first answer ------------------------------------------------------------------------

    def answer(self, interaction: str, token: str, body: Json) -> Json:
        """Accept the first answer; returns the object that `with_response` asks for."""
        it = self._by_token.get(token)
        late = it is None or time.monotonic() - it.asked_at > self.answer_within
        if it is None or it.id != interaction or (it.answered_with is None and late):
            raise refusals.unknown_interaction()
        if it.answered_with is not None:
            raise refusals.already_acknowledged()
        form = Form()
        how = form.number(body.get("type"), ("type",), 1, 12)
        if how not in ANSWERS[it.kind] or (it.source is None and how in (DEFERRED_UPDATE, UPDATE)):
            message = f"Value must be one of {{{', '.join(map(str, ANSWERS[it.kind]))}}}."
            form.wrong(("type",), "BASE_TYPE_CHOICES", message)
        form.check()
        assert how is not None
        data = body.get("data")
        data = {} if data is None else form.fields(data, ("data",))
        form.check()
        resource = self._first(it, how, data)
        it.answered_with = how
        it.acknowledged_after = time.monotonic() - it.asked_at
        it.acknowledged.set()
        if how not in (DEFERRED_MESSAGE, DEFERRED_UPDATE):
            it.answered.set()
        about: Json = {"id": it.id, "type": it.kind, "channel_id": it.channel.id}
        if not it.channel.is_dm:
            about["guild_id"] = GUILD
        if it.original is not None and how in (MESSAGE, DEFERRED_MESSAGE):
            about |= {
                "response_message_id": it.original.id,
                "response_message_loading": how == DEFERRED_MESSAGE,
                "response_message_ephemeral": it.ephemeral,
            }
        return {"interaction": about, **({"resource": resource} if resource else {})}

    def _first(self, it: Interaction, how: int, data: Json) -> Json | None:
        match how:
            case 4:  # MESSAGE
                it.original = self._post(it, self._draft(it, data), it.source)
                return {"type": how, "message": self._world.message_object(it.original)}
            case 5:  # DEFERRED_MESSAGE
                flags = (data.get("flags") or 0) & EPHEMERAL
                it.original = self._post(it, {"flags": flags | LOADING}, it.source)
                return {"type": 4, "message": self._world.message_object(it.original)}
            case 6 | 7:  # DEFERRED_UPDATE, UPDATE
                it.original = it.source
                if how == UPDATE:
                    assert it.source is not None
                    self._change(it, it.source, data)
                    return {"type": how, "message": self._world.message_object(it.source)}
            case 8:  # CHOICES
                it.choices = _read_choices(data)
            case _:  # MODAL
                it.modal = read_modal(data)
        return None

    # -- afterwards ------------------------------------------------------------------------------

    def of_token(self, application: str, token: str) -> Interaction:
        """The interaction that a webhook path refers to, once it has been acknowledged."""
        it = self._by_token.get(token)
        if it is None or application != BOT or it.answered_with is None:
            raise refusals.unknown_webhook()
        if time.monotonic() - it.asked_at > self.token_life:
            raise refusals.invalid_webhook_token()
        return it

    def message(self, it: Interaction, message: str) -> Post:
        """A message that this interaction made, by "@original" or a follow-up's id."""
        posts = [*([it.original] if it.original else []), *it.followups]
        if message == "@original":
            posts = posts[:1] if it.original else []
        else:
            posts = [post for post in posts if post.id == message]
        if not posts or posts[0].gone:
            raise refusals.unknown_message()
        return posts[0]

    def edit(self, it: Interaction, message: str, body: Json) -> Json:
        """Edit one of its messages; returns the message object."""
        post = self.message(it, message)
        self._change(it, post, body)
        if post is it.original:
            it.answered.set()
        return self._world.message_object(post)

    def remove(self, it: Interaction, message: str) -> None:
        """Delete one of its messages."""
        post = self.message(it, message)
        self._world.remove(post)
        if post is it.original:
            it.answered.set()

    def follow_up(self, it: Interaction, body: Json) -> Json:
        """Post another message. The first one after a deferral replaces "thinking…"."""
        original = it.original
        if original and not original.gone and original.data["flags"] & LOADING:
            self._change(it, original, body)
            post = original
        else:
            post = self._post(it, self._draft(it, body), original, followup=True)
            it.followups.append(post)
        it.answered.set()
        return self._world.message_object(post)

    def _draft(self, it: Interaction, body: Json) -> Json:
        form = Form()
        draft = read_message(form, body, interaction=True)
        form.check()
        if is_empty(draft):
            raise refusals.empty_message()
        return draft | self._mentions(it, draft)

    def _mentions(self, it: Interaction, draft: Json) -> Json:
        return self._world.mentions(
            draft.get("content") or "",
            draft["allowed_mentions"],
            BOT,
            it.channel,
            default=("users",),
        )

    def _change(self, it: Interaction, post: Post, body: Json) -> None:
        form = Form()
        draft = read_message(form, body)
        form.check()
        changes: Json = {k: draft[k] for k in ("content", "embeds", "components") if k in draft}
        loading = post.data["flags"] & LOADING
        if is_empty({**post.data, **changes}):
            raise refusals.empty_message()
        if "content" in changes:
            changes |= self._mentions(it, draft)
        changes["flags"] = post.data["flags"] & ~LOADING
        self._world.edit(post, changes, marked=not loading)

    def _post(
        self, it: Interaction, draft: Json, reference: Post | None, *, followup: bool = False
    ) -> Post:
        user = self._world.user_object(it.person)
        owner = self._world.owners(it.person, it.channel)
        metadata: Json = {
            "id": it.id,
            "type": it.kind,
            "user": user,
            "authorizing_integration_owners": owner,
        }
        if it.kind == COMPONENT and it.source is not None:
            metadata["interacted_message_id"] = it.source.id
        if it.kind == MODAL_SUBMIT:
            opened_by: Json = {"id": it.id, "user": user, "authorizing_integration_owners": owner}
            metadata["triggering_interaction_metadata"] = (
                opened_by | {"type": COMMAND}
                if it.source is None
                else opened_by | {"type": COMPONENT, "interacted_message_id": it.source.id}
            )
        if followup and it.original is not None:
            metadata["original_response_message_id"] = it.original.id
        more: Json = {
            "application_id": BOT,
            "webhook_id": BOT,
            "interaction_metadata": metadata,
        }
        to_command = it.kind == COMMAND and not followup
        if to_command and it.label:
            name = it.label.split("/", 1)[-1]
            more["interaction"] = {"id": it.id, "type": COMMAND, "name": name, "user": user}
        flags = draft.get("flags") or 0
        if not self._world.may_speak_up(it.person, it.channel):
            flags |= EPHEMERAL
            draft = {**draft, "flags": flags}
        return self._world.post(
            it.channel,
            BOT,
            draft,
            kind=20 if to_command else 19 if reference is not None else 0,
            reference=None if to_command else reference,
            seen_by=it.person if flags & EPHEMERAL else None,
            label=it.label if to_command else None,
            more=more,
        )


def _read_choices(data: Json) -> list[Json]:
    form = Form()
    at: Path = ("data", "choices")
    if "choices" not in data:
        form.required(at)
    choices = form.items(data.get("choices"), at, CHOICES_LIMIT)
    for i, choice in enumerate(choices):
        fields = form.fields(choice, (*at, i))
        form.text(fields.get("name"), (*at, i, "name"), 100, least=1, required=True)
        value: Any = fields.get("value")
        if isinstance(value, str) or value is None:
            form.text(value, (*at, i, "value"), 100, least=1, required=True)
    form.check()
    return choices
