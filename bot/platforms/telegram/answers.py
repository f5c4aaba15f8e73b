"""Answers people on Telegram: turns typed commands and pressed buttons into an Ask, and replies.

In a private chat, buttons change the message in place. Groups and channels have no private answers,
so a typed command gets one short reply whose buttons lead into the private chat. Buttons of
commands about the chat itself work where they are.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
    CallbackQuery,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    MessageOriginChannel,
    ReplyParameters,
    Update,
    User,
)
from telegram import Message as Said
from telegram.constants import ChatType, MessageEntityType, ParseMode
from telegram.error import BadRequest, TelegramError

from bot.answering import answer_to, elsewhere, instead, refusal, too_fast
from bot.model.chat import Chat
from bot.model.command import Ask, AskKind, Command, Pointed, Quote, RateLimited
from bot.model.errors import CardGone, Sorry
from bot.platforms.needs import AskLimits, GroupRateLimiter
from bot.platforms.telegram.permissions import heads
from bot.platforms.telegram.refusals import NOT_MODIFIED, failed
from bot.platforms.telegram.render import (
    BESIDE,
    IN_PLACE,
    LABEL_LIMIT,
    WITHDRAWN,
    Rendered,
    asked_by,
    escape,
    render,
)
from bot.platforms.telegram.request import TooSoon
from runtime.slices import in_slices
from wording.language import ENGLISH, N_, _, language, languages, speaking
from wording.message import Button, Buttons, Message, Ref, Text, Tone, asked_about, read_ref
from wording.text import JOINER, line, shorten

log = logging.getLogger(__name__)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
OUTDATED = N_("This button comes from another version of this bot and no longer works. Try /help")
ALERT_LIMIT = 200
"""Characters of an alert: core.telegram.org/bots/api#answercallbackquery."""
QUOTES = 10
"""How many stories are offered to someone who types our name in another chat."""
QUOTED_FOR_S = 10
"""Seconds for which Telegram may offer the same results to the same person."""
QUOTED_LIMIT = 120
LONGEST_PAUSE = timedelta(seconds=30)
SHORTEST_PAUSE = timedelta(seconds=1)
WAITING = 10
"""How many answers may wait for one group's rate limit; requests beyond that get none."""

_TITLE_MARK = re.compile(rf"^{WITHDRAWN} ")
SMALL_TALK = 5
"""Longer messages than this many words expect an answer."""
_SMALL_TALK = frozenset(
    (
        *("hi", "hello", "hey", "yo", "there", "again", "good", "morning", "afternoon", "evening"),
        *("night", "day", "bye", "goodbye", "see", "you", "later", "thanks", "thank", "thx", "ty"),
        *("cheers", "very", "so", "much", "a", "lot", "for", "that", "this", "it", "ok", "okay"),
        *("fine", "great", "nice", "cool", "perfect", "awesome", "wow", "lol", "haha", "yes"),
        *("no", "yep", "nope", "please", "sorry", "bot", "friend"),
    )
)
"""Words of politeness, which ask nothing."""
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_TYPED = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<to>\w+))?(?:\s+(?P<words>.*))?", re.DOTALL)


def start_link(bot: Bot) -> str:
    """The beginning of a link that opens the private chat and asks whatever is appended."""
    return f"https://t.me/{bot.username}?start="


async def introduce(bot: Bot, commands: Sequence[Command]) -> None:
    """Tell Telegram's apps which commands to offer whom; reply() checks permissions again."""
    told = set()
    for code in languages():
        name = None if code == ENGLISH else language(code).locale.language
        if name not in told:  # Telegram has no regional variants: pt comes before pt_BR
            told.add(name)
            with speaking(code):
                await _introduce(bot, commands, name)


async def _introduce(bot: Bot, commands: Sequence[Command], language_code: str | None) -> None:
    everyone = [BotCommand(c.name, _(c.description)) for c in commands if not c.moderators]
    all_of_them = [BotCommand(c.name, _(c.description)) for c in commands]
    offers: Sequence[tuple[BotCommandScope, list[BotCommand]]] = (
        (BotCommandScopeDefault(), everyone),
        (BotCommandScopeAllPrivateChats(), all_of_them),
        (BotCommandScopeAllGroupChats(), everyone),
        (BotCommandScopeAllChatAdministrators(), all_of_them),
    )
    for scope, offered in offers:
        await bot.set_my_commands(offered, scope=scope, language_code=language_code)


class Answers:
    """Answers one update after another."""

    def __init__(
        self,
        bot: Bot,
        commands: Sequence[Command],
        turns: AskLimits | None = None,
        pinning: Collection[tuple[int, int]] = (),
        rate_limiter: GroupRateLimiter | None = None,
        too_fast: Callable[[], None] = lambda: None,
    ) -> None:
        """`pinning`: chat and number of the messages that we pinned of late.

        `too_fast` is called for every answer that Telegram refuses with a 429.
        """
        self._rate_limiter = rate_limiter
        self._too_fast = too_fast
        self._waiting = Counter[Chat]()
        """How many answers wait for each group's pace."""
        self._bot = bot
        self._turns = turns
        self._pinning = pinning
        self._commands = {command.name: command for command in commands}
        self._shown = next((command for command in commands if command.pointed), None)
        self._quotes = next((c.quotes for c in commands if c.quotes), None)
        self._worded = {word: c for c in commands for word in (c.name, *c.also)}
        self._here = {c.name for c in commands if c.moderators or c.about_chat}

    async def handle(self, update: Update) -> None:
        """Answer what the update asks, if anything; errors are logged here."""
        with speaking(_language(update.effective_user)):
            await self._handle(update)

    async def _handle(self, update: Update) -> None:
        try:
            if update.callback_query:
                await self._clicked(update.callback_query)
            elif update.inline_query:
                await self._quote(update.inline_query)
            elif (said := update.message or update.channel_post) and said.text:
                await self._said(said, said.text.strip())
            elif said and said.pinned_message:
                await self._tidy_up(said, said.pinned_message)
            elif update.my_chat_member:
                change = update.my_chat_member
                log.info(
                    "the bot's membership in a chat changed",
                    extra={"chat": change.chat.id, "to": change.new_chat_member.status},
                )
        except (
            TelegramError
        ) as error:  # too late, not allowed, or a network failure: nobody to tell
            log.warning("answer not delivered", extra={"error": error.message})
        except Exception:
            log.exception("answering failed", extra={"update": update.update_id})

    async def _tidy_up(self, notice: Said, pinned: MaybeInaccessibleMessage) -> None:
        """Delete the notice of a pin of ours, where we may; notices of people's pins stay."""
        if notice.from_user is not None:
            ours = notice.from_user.id == self._bot.id
        else:  # a channel doesn't say who pinned
            ours = (notice.chat.id, pinned.message_id) in self._pinning
        if ours:
            try:
                await notice.delete()
            except BadRequest as error:  # the notice stays, which is harmless
                log.info("pin notice not deleted", extra={"why": error.message})

    async def _quote(self, query: InlineQuery) -> None:
        """Offer stories to someone who typed our name and some words in any chat.

        We may not be a member there. What they send is their message, and we never see it again, so
        it has no buttons other than links into the private chat.
        """
        person = Chat("telegram", str(query.from_user.id))
        if self._turns and await self._turns.take(person, None, turn=AskKind.TYPING):
            await query.answer([], cache_time=0, is_personal=True)
            return
        quotes, nothing = list[Quote](), _("Nothing found. Ask me …")
        try:
            quotes = await self._quotes(query.query, QUOTES) if self._quotes else []
        except Sorry as sorry:
            nothing = str(sorry)
        missing = InlineQueryResultsButton(nothing, start_parameter="search")
        await query.answer(
            [self._quoted(quote) async for quote in in_slices(quotes)],
            cache_time=QUOTED_FOR_S if quotes else 0,
            is_personal=len(languages())
            > 1,  # otherwise the next person would get it in this language
            button=None if quotes else missing,
        )

    def _quoted(self, quote: Quote) -> InlineQueryResultArticle:
        rendered = render(quote.message, start_link=start_link(self._bot), brief=True)
        return InlineQueryResultArticle(
            quote.key,
            shorten(line(quote.title), LABEL_LIMIT) or quote.key,
            InputTextMessageContent(
                rendered.html, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW
            ),
            reply_markup=rendered.keyboard,
            description=shorten(line(quote.told), QUOTED_LIMIT),
        )

    async def _said(self, said: Said, text: str) -> None:
        private = said.chat.type == ChatType.PRIVATE
        typed = _TYPED.fullmatch(text)
        if (shown := self._forwarded_post(said)) and await self._show(said, shown):
            return
        if not _is_typed(said):
            if private and said.via_bot is None:  # there it was forwarded to us to ask about it
                if typed is None:
                    await self._answer(said, *self._question(text))
                else:
                    await self._answer(said, _forwarded(typed["name"].casefold()), {})
            return
        if typed is None:
            if (ref := self._replied(said)) and (command := self._commands.get(ref.command)):
                await self._answer(said, command, command.options_of(ref, text))
            elif (shown := self._replied_to(said)) and await self._show(said, shown):
                return
            elif private:
                await self._answer(said, *self._plain(text))
            return
        to = typed["to"]
        if to and to.casefold() != self._bot.username.casefold():
            return  # another bot's
        name, words = typed["name"].casefold(), (typed["words"] or "").strip()
        if name == "start":
            await self._answer(said, *self._started(words))
        elif command := self._commands.get(name):
            story = None if words or not command.of_card else self._replied_card(said)
            await self._answer(said, command, _rest(command, story or words))
        elif private or to:
            await self._answer(said, _unknown(name), {})

    def _replied(self, said: Said) -> Ref | None:
        """The question in the message that this one replies to, if it is a question of ours."""
        question = said.reply_to_message
        if question is None or not self._is_ours(question):
            return None
        links = (e.url for e in question.entities if e.type == MessageEntityType.TEXT_LINK)
        return next((ref for link in links if link and (ref := asked_by(link))), None)

    async def _show(self, said: Said, shown: Pointed) -> bool:
        """Handle someone pointing out a card of ours; False if it isn't meant that way."""
        command, person = self._shown, _person(said)
        if command is None or command.pointed is None or not await command.pointed(shown, person):
            return False
        try:
            may = said.chat.type == ChatType.PRIVATE or await self._is_moderator(said)
        except Sorry:  # it can't be determined, which the answer says
            may = True
        if may:
            await self._answer(said, command, {}, shown)
        return True  # members may reply to a card; they aren't told that this is for moderators

    def _replied_to(self, said: Said) -> Pointed | None:
        """The message that this one replies to."""
        card = said.reply_to_message
        if (
            card is None or card.forum_topic_created is not None
        ):  # every message in a topic replies to this one
            return None
        story = _card_of(card, start_link(self._bot)) if self._is_ours(card) else None
        return Pointed(_chat(said), str(card.message_id), story)

    def _forwarded_post(self, said: Said) -> Pointed | None:
        """The channel post that someone forwarded to us in private."""
        post = said.forward_origin
        if said.chat.type != ChatType.PRIVATE or not isinstance(post, MessageOriginChannel):
            return None
        story = _card_of(said, start_link(self._bot))
        title = _TITLE_MARK.sub("", (said.text or "").partition("\n")[0])
        channel = Chat("telegram", str(post.chat.id))
        return Pointed(channel, str(post.message_id), story, line(title.replace(JOINER, "")))

    def _is_ours(self, said: Said) -> bool:
        """Whether we sent it. Channel posts have no author, and only administrators post there."""
        return said.chat.type == ChatType.CHANNEL or (
            said.from_user is not None and said.from_user.id == self._bot.id
        )

    def _replied_card(self, said: Said) -> str | None:
        """The story of the card that this message replies to."""
        card = said.reply_to_message
        if card is None or card.reply_markup is None or not self._is_ours(card):
            return None
        link = start_link(self._bot)
        return asked_about(
            str(button.callback_data)[1:] if button.callback_data else str(button.url)[len(link) :]
            for row in card.reply_markup.inline_keyboard
            for button in row
        )

    def _plain(self, text: str) -> tuple[Command, Mapping[str, str]]:
        """Words without a slash are a question, unless they are a command's words."""
        words = _WORD.findall(text.casefold())
        if meant := self._worded.get(" ".join(words)):
            return meant, {}
        if len(words) <= SMALL_TALK and _SMALL_TALK.issuperset(words):
            return _POLITE, {}
        return self._question(text)

    def _question(self, text: str) -> tuple[Command, Mapping[str, str]]:
        takes_text = (each for each in self._commands.values() if each.takes_text)
        command = next(takes_text, _HELPLESS)
        return command, _rest(command, text)

    def _started(self, payload: str) -> tuple[Command, Mapping[str, str]]:
        """What a link into the private chat asks; /help for a bare /start and unknown links."""
        try:
            ref = read_ref(payload)
            command = self._commands[ref.command]
        except (ValueError, KeyError):
            return self._commands.get("help", _HELPLESS), {}
        # Anyone can make a link. It shows something but changes nothing: no button is pressed in
        # personal commands, and moderators' commands ask first.
        if command.moderators:
            return _linked(ref), {}
        return command, {} if command.personal else command.options_of(ref)

    async def _answer(
        self,
        said: Said,
        command: Command,
        options: Mapping[str, str],
        shown: Pointed | None = None,
    ) -> None:
        private = said.chat.type == ChatType.PRIVATE
        here, person = _chat(said), _person(said)
        is_moderator = partial(self._is_moderator, said)
        hurry = await self._hurry(person, said, is_moderator if command.moderators else None)
        if hurry:
            if hurry.told:
                return  # otherwise a person who floods a group would make us flood it, too
            command = instead(hurry)
        if command.personal and not private:
            await self._send(said, self._rendered(elsewhere(command), private), reply=True)
            return
        answer = await answer_to(
            command,
            Ask(
                here,
                person,
                private,
                options,
                _language(said.from_user),
                _name(said),
                pointed=shown,
            ),
            is_moderator,
        )
        rendered = self._rendered(answer, private, said.from_user)
        await self._send(said, rendered, reply=not private)

    async def _hurry(
        self,
        person: Chat,
        where: MaybeInaccessibleMessage,
        is_moderator: Callable[[], Awaitable[bool]] | None,
        *,
        turn: AskKind = AskKind.ASK,
    ) -> RateLimited | None:
        if self._turns is None:
            return None
        server = None if where.chat.type == ChatType.PRIVATE else str(where.chat.id)

        async def spared() -> bool:
            try:
                return is_moderator is not None and await is_moderator()
            except Sorry:  # unknown: then they wait like everyone
                return False

        return await self._turns.take(
            person, server, turn=turn, spared=spared if is_moderator else None
        )

    def _rendered(self, answer: Message, private: bool, asker: User | None = None) -> Rendered:
        if private:
            return render(answer)
        return render(
            answer,
            start_link=start_link(self._bot),
            brief=True,
            here=self._here,
            asker=_mention(asker) if asker else "",
        )

    async def _is_moderator(self, said: Said) -> bool:
        if said.chat.type == ChatType.CHANNEL:
            return True  # only administrators post there
        if said.sender_chat is not None:  # an anonymous administrator, or a stranger
            return said.sender_chat.id == said.chat.id
        return said.from_user is not None and await self._heads(said.chat.id, said.from_user.id)

    async def _heads(self, chat: int, person: int) -> bool:
        """Whether a person is an administrator of a chat; raises Sorry if we can't see that."""
        try:
            return await heads(self._bot, chat, person)
        except TelegramError as error:
            refused = isinstance(error, BadRequest)
            log.warning(
                "can't see who moderates a chat", extra={"chat": chat, "why": error.message}
            )
            raise Sorry(
                _("I can't check who moderates this chat"),
                Text(
                    _(
                        "Make me an administrator here, then try again. Telegram shows only "
                        "administrators who the others are."
                    )
                    if refused
                    else _("Telegram didn't answer. Please try again in a minute.")
                ),
            ) from error

    async def _clicked(self, query: CallbackQuery) -> None:
        data = query.data or ""
        mark, message = data[:1], query.message
        try:
            ref = read_ref(data[1:])
            command = self._commands[ref.command]
        except (ValueError, KeyError):
            await query.answer(_(OUTDATED), show_alert=True)
            return
        if message is None or mark not in (BESIDE, IN_PLACE):
            await query.answer(_(OUTDATED), show_alert=True)
            return
        private = message.chat.type == ChatType.PRIVATE
        person = Chat("telegram", str(query.from_user.id))
        heads = partial(self._heads, message.chat.id, query.from_user.id)
        asked = heads if command.moderators else None
        if hurry := await self._hurry(person, message, asked, turn=AskKind.PRESS):
            await query.answer(too_fast(hurry), show_alert=True)  # shown to them alone
            return
        if not private and command.name not in self._here:
            await query.answer(url=start_link(self._bot) + str(ref))
            return
        for_all = private or not command.moderators
        if not for_all and (refusal := await _refusal(command, heads)):
            await query.answer(refusal, show_alert=True)  # said to them alone
            return
        try:
            await query.answer()
        except (
            TelegramError
        ) as error:  # this only stops the button's spinner; the answer matters more
            log.info("button press not acknowledged", extra={"error": error.message})
        ask = Ask(
            _chat(message),
            person,
            private,
            command.options_of(ref),
            _language(query.from_user),
            query.from_user.full_name,
        )
        rendered = self._rendered(await answer_to(command, ask, _yes), private, query.from_user)
        if mark == BESIDE or rendered.forced or not await self._replace(message, rendered):
            await self._send(message, rendered)

    async def _replace(self, message: MaybeInaccessibleMessage, rendered: Rendered) -> bool:
        """Change the message to this; False if it can no longer be edited."""
        try:
            await self._patiently(
                message,
                partial(
                    self._bot.edit_message_text,
                    rendered.html,
                    message.chat.id,
                    message.message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=rendered.keyboard,
                    link_preview_options=NO_PREVIEW,
                ),
            )
        except BadRequest as error:
            if NOT_MODIFIED in error.message.casefold():
                return True
            if isinstance(failed(error), CardGone):
                return False
            raise
        return True

    async def _send(
        self, to: MaybeInaccessibleMessage, rendered: Rendered, *, reply: bool = False
    ) -> None:
        await self._patiently(
            to,
            partial(
                self._bot.send_message,
                to.chat.id,
                rendered.html,
                parse_mode=ParseMode.HTML,
                # in a channel Telegram accepts only inline keyboards
                reply_markup=rendered.keyboard
                or (None if to.chat.type == ChatType.CHANNEL else rendered.forced),
                link_preview_options=NO_PREVIEW,
                message_thread_id=_topic(to),
                reply_parameters=ReplyParameters(to.message_id, allow_sending_without_reply=True)
                if reply
                else None,
            ),
        )

    async def _patiently(
        self, to: MaybeInaccessibleMessage, request: Callable[[], Awaitable[object]]
    ) -> None:
        """Make a request, and repeat it after each pause that Telegram asks for,
        if the pauses are short.

        In a group it waits for the group's rate limit, which it shares with the cards. If too many
        are waiting, or for too long, there is no answer.
        """
        left = LONGEST_PAUSE
        while True:
            if not await self._paced(_chat(to), left):
                log.warning(
                    "too many questions in a chat: some get no answer", extra={"chat": to.chat.id}
                )
                return
            try:
                await request()
            except TooSoon as pause:
                self._too_fast()
                after = max(pause.after, SHORTEST_PAUSE)
                if self._rate_limiter is not None:
                    self._rate_limiter.too_fast(_chat(to), after)
                if after > left:
                    raise
                left -= after
                await asyncio.sleep(after.total_seconds())
            else:
                return

    async def _paced(self, chat: Chat, patience: timedelta) -> bool:
        """Wait for the group's rate limit; False if that takes too long."""
        if self._rate_limiter is None or not self._rate_limiter.counts(chat):
            return True
        if self._waiting[chat] >= WAITING:
            return False
        self._waiting[chat] += 1
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await self._rate_limiter.take(chat)
        except TimeoutError:
            return False
        finally:
            self._waiting[chat] -= 1
            if not self._waiting[chat]:
                del self._waiting[chat]
        return True


def _is_typed(said: Said) -> bool:
    """Whether someone wrote it there. Forwarded messages, or those sent through a bot, only
    show."""
    return said.forward_origin is None and not said.is_automatic_forward and said.via_bot is None


async def _refusal(command: Command, is_moderator: Callable[[], Awaitable[bool]]) -> str | None:
    """Why someone may not press a button of a moderators' command; None if they may.

    At most 200 characters (core.telegram.org/bots/api#answercallbackquery).
    """
    try:
        return None if await is_moderator() else refusal(command)
    except Sorry as sorry:
        why = [block.body for block in sorry.blocks if isinstance(block, Text)]
        return shorten(". ".join((str(sorry), *why)), ALERT_LIMIT)


def _mention(person: User) -> str:
    return f'<a href="tg://user?id={person.id}">{escape(person.full_name)}</a>'


def _topic(message: MaybeInaccessibleMessage) -> int | None:
    """The topic of a message; None in groups that aren't forums, where threads are only replies."""
    if isinstance(message, Said) and message.is_topic_message:
        return message.message_thread_id
    return None


def _chat(message: MaybeInaccessibleMessage) -> Chat:
    topic = _topic(message)
    return Chat("telegram", f"{message.chat.id}" if topic is None else f"{message.chat.id}/{topic}")


def _person(said: Said) -> Chat:
    """The author. People who write in a chat's name are anonymous: they all share one id."""
    named = said.from_user if said.sender_chat is None else None
    return Chat("telegram", str(named.id)) if named else _chat(said)


def _card_of(card: Said, link: str) -> str | None:
    """The story of a card, from its buttons; None for our answers, which change in place."""
    rows = card.reply_markup.inline_keyboard if card.reply_markup else ()
    buttons = [button for row in rows for button in row]
    if any(str(button.callback_data or "").startswith(IN_PLACE) for button in buttons):
        return None
    return asked_about(
        str(button.callback_data)[1:] if button.callback_data else str(button.url)[len(link) :]
        for button in buttons
        if button.callback_data or str(button.url).startswith(link)
    )


def _name(said: Said) -> str | None:
    """The name people see above the message: a person, or the chat an administrator writes as."""
    if said.sender_chat is not None:
        return said.author_signature or said.sender_chat.title
    return said.author_signature or (said.from_user.full_name if said.from_user else None)


def _language(asker: User | None) -> str | None:
    return asker.language_code if asker else None


def _rest(command: Command, words: str) -> Mapping[str, str]:
    return {command.rest: words} if command.rest and words else {}


async def _yes() -> bool:
    """In a private chat everyone is their own moderator; elsewhere it was checked already."""
    return True


def _unknown(name: str) -> Command:
    async def answer(_ask: Ask) -> Message:
        return Message(
            _("I don't know /{command}").format(command=name),
            (Text(_("Use /help to see what I can do.")),),
            (Buttons((Button(_("Help"), Ref("help")),)),),
            tone=Tone.SORRY,
        )

    return Command(name, "Answers what is no command of ours", answer)


def _forwarded(name: str) -> Command:
    async def answer(_ask: Ask) -> Message:
        return Message(
            _("That was forwarded, so I did nothing"),
            (Text(_("If you want it, send /{command} yourself.").format(command=name)),),
            tone=Tone.SORRY,
        )

    return Command(name, "Answers a command that nobody wrote", answer)


def _linked(ref: Ref) -> Command:
    async def answer(_ask: Ask) -> Message:
        asked = " ".join(filter(None, (f"/{ref.command}", *ref.arguments)))
        return Message(
            _("This link wants to run {command}").format(command=asked),
            (Text(_("Nothing has changed yet. To do it in this chat, press the button.")),),
            (Buttons((Button(_("Continue"), ref),)),),
        )

    return Command(ref.command, "Asks before a link changes anything", answer)


_HELPLESS = _unknown("help")


async def _be_polite(_ask: Ask) -> Message:
    return Message(
        _("I'm here for the news"),
        (Text(_("Ask me about a story in your own words, or use /help to see what I can do.")),),
        (Buttons((Button(_("Help"), Ref("help")),)),),
    )


_POLITE = Command("polite", "Answers what asks nothing", _be_polite)
