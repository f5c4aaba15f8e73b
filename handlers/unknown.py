"""/unknown - settles whether a card exists that was posted and got no answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.chat import Chat, Showing
from bot.model.command import Ask, Command, Option, Pointed
from bot.model.errors import Sorry
from bot.model.ledger import CardRecord as Line
from bot.model.ledger import State
from bot.model.status import Claim
from bot.model.unknown import Unknown
from bot.settling import again, listed, offered
from handlers.followed_things import title_of
from handlers.ports import Desk
from runtime.away import StorageAway
from stories.index import StoryIndex
from stories.story import StoryId
from wording.acts import Act, Did
from wording.language import N_, _
from wording.message import Block, Buttons, Message, Note, Row, Text, Tone

SHOWS_FOR = timedelta(minutes=10)
"""For this long after someone said that a card is there, their next reply is taken to point it
out."""


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """Lists cards of unknown outcome, and settles them."""

    index: StoryIndex
    desk: Desk
    now: Callable[[], datetime]
    awaited: dict[tuple[Chat, Chat], tuple[datetime, StoryId]] = field(default_factory=dict)
    """Who said of which chat that a card is there, when, and of which story."""
    """Who said of which chat that a card is there, when, and of which story."""

    async def answer(self, ask: Ask) -> Message:
        """List the cards of unknown outcome, or settle one as a moderator says."""
        if ask.pointed is not None:
            return await self._shown(ask, ask.pointed)
        if not (key := ask.get("card")):
            return await self._which(ask.chat)
        card = await self.desk.unknown_by(ask.chat, key)
        if card is None or str(card.generation) != ask.get("attempt"):
            raise Sorry(
                _("That's already been settled"),
                Text(_("Use /why in that chat to see where the card stands.")),
            )
        await self._may(ask, card.chat)
        if ask.get("step") == "there":
            return await self._there(ask, card)
        if ask.get("step") == "again":
            return await self._again(ask, card)
        return self._offer([card])

    async def _may(self, ask: Ask, chat: Chat) -> None:
        """Anyone who presses elsewhere must be a moderator there, at this moment."""
        if chat != ask.chat and not await self.desk.moderates(chat, ask.person):
            raise Sorry(_("Only a moderator of that chat can settle this"))

    async def _which(self, chat: Chat) -> Message:
        cards = [
            Unknown(chat, story, row.generation) for story, row in await self.desk.unknown(chat)
        ]
        if not cards:
            return Message(_("Every card I posted here has arrived"))
        return self._offer(cards)

    def _offer(self, cards: Sequence[Unknown]) -> Message:
        return Message(
            _("I don't know whether this arrived"),
            (
                *listed([title_of(card.story, self.index) for card in cards]),
                Text(_("I got no confirmation from the platform. Please check the chat.")),
            ),
            offered(cards),
            tone=Tone.SORRY,
        )

    async def _there(self, ask: Ask, card: Unknown) -> Message:
        claim, showing = await self.desk.claim(card)
        title = self._quoted(card.story)
        told = Did.CONFIRMED_CARD
        act = None if claim is Claim.REPEATED else Act(told, title, card.chat)
        if claim is Claim.FOUND:
            found = _("I found the card for {story}")
            kept = Text(_("I'll keep it up to date from now on."))
            return Message(found.format(story=title), (kept,), act=act)
        blocks: list[Block] = []
        if showing is not None:
            at = self.now()
            for key in [
                key for key, (said, _story) in self.awaited.items() if at - said > SHOWS_FOR
            ]:
                del self.awaited[key]
            self.awaited[card.chat, ask.person] = at, card.story
            blocks.append(Text(await self._how(ask, card.chat, showing)))
        else:
            blocks.append(Text(_("I couldn't find it myself, so I'm taking your word for it.")))
        blocks.append(
            Note(
                _(
                    "Until I know where it is, I can't update it. The story's next notable update, "
                    "or its withdrawal, will be posted as a new card."
                )
            )
        )
        shows = _("Show me the card for {story}") if showing else _("The card for {story} is there")
        return Message(
            shows.format(story=title), tuple(blocks), (Buttons((again(card),)),), act=act
        )

    async def _how(self, ask: Ask, chat: Chat, showing: Showing) -> str:
        if showing is Showing.FORWARD:
            return _("Forward that card to me in our private chat, and I'll keep it up to date.")
        if chat == ask.chat:
            return _("Reply to that card with any word, and I'll keep it up to date.")
        return _(
            "In {chat}, reply to that card with any word, and I'll keep it up to date."
        ).format(chat=await self.desk.called(chat))

    async def _again(self, ask: Ask, card: Unknown) -> Message:
        await self.desk.post_again(card)
        title = self._quoted(card.story)
        return Message(
            _("Posted {story} again").format(story=title),
            (Text(_("If the first card turns up after all, please delete it.")),),
            act=Act(Did.REPOSTED_CARD, title, card.chat),
        )

    async def _shown(self, ask: Ask, shown: Pointed) -> Message:
        """Someone replied to a message, or forwarded one, to show us where a card is."""
        await self._may(ask, shown.chat)
        story = await self._meant(ask, shown)
        known = not await self.desk.show(shown.chat, story, shown.message_id)
        self.awaited.pop((shown.chat, ask.person), None)
        title = self._quoted(story)
        if known:
            return Message(_("I already know that card for {story}").format(story=title))
        return Message(
            _("Thank you, now I know the card for {story}").format(story=title),
            (Text(_("I'll keep it up to date from now on.")),),
            act=Act(Did.SHOWED_CARD, title, shown.chat),
        )

    async def _meant(self, ask: Ask, shown: Pointed) -> StoryId:
        """The story whose card was pointed out; raises Sorry if it isn't one we are looking for."""
        looked_for = self.awaited.get((shown.chat, ask.person))
        if shown.story is None and not shown.title:
            raise Sorry(_("That isn't one of my cards. Reply to the card itself."))
        for story, _row in await self._claimed(shown.chat):
            if shown.story == story:
                return story
            if shown.story is None and shown.title == title_of(story, self.index):
                return story
        card_status = (
            await self.desk.card_status(shown.chat, StoryId(shown.story)) if shown.story else None
        )
        if looked_for is not None and looked_for[1] != shown.story:
            wrong = _("That's another story's card. Show me the one for {story}.")
            raise Sorry(wrong.format(story=self._quoted(looked_for[1])))
        if (
            card_status is not None
            and card_status.row
            and card_status.row.message_id == shown.message_id
        ):
            return StoryId(str(shown.story))
        if card_status is not None and card_status.row and card_status.row.state is State.SHOWN:
            raise Sorry(
                _("I already know a newer card for that story here, so I'm leaving this one alone")
            )
        raise Sorry(_("I'm not looking for that card."))

    async def _claimed(self, chat: Chat) -> list[tuple[StoryId, Line]]:
        return [each for each in await self.desk.unknown(chat) if each[1].claimed_at is not None]

    async def pointed(self, shown: Pointed, person: Chat) -> bool:
        """Whether a reply is meant for us: a correct one is recognised from the ledger, even after
        a restart; a wrong one by the person we asked."""
        said = self.awaited.get((shown.chat, person))
        if said is not None and self.now() - said[0] < SHOWS_FOR:
            return True
        if shown.story is None and not shown.title:
            return False
        try:
            claimed = await self._claimed(shown.chat)
        except StorageAway:
            return False
        return any(
            shown.story == story
            or (shown.story is None and shown.title == title_of(story, self.index))
            for story, _row in claimed
        )

    def _quoted(self, story: StoryId) -> str:
        return f"“{title_of(story, self.index)}”"


def unknown_command(index: StoryIndex, desk: Desk, now: Callable[[], datetime]) -> Command:
    """The command /unknown."""
    unknown = UnknownCommand(index, desk, now)
    return Command(
        "unknown",
        N_("Cards that may not have arrived"),
        unknown.answer,
        options=(
            Option("step", N_("What to do about it"), hidden=True),
            Option("card", N_("Which card"), hidden=True),
            Option("attempt", N_("Which attempt"), hidden=True),
        ),
        moderators=True,
        pointed=unknown.pointed,
    )


def to_settle(chat: Chat, cards: Sequence[tuple[StoryId, Line]]) -> tuple[Row, ...]:
    """The buttons for a chat's cards of unknown outcome."""
    return offered(
        [Unknown(chat, story, row.generation) for story, row in cards if row.state is State.UNKNOWN]
    )
