"""/faq - questions about a story and their complete answers; never an answer that nobody wrote."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from handlers.pages import leaves, page_of, turning
from handlers.story_choice import (
    MENU,
    button_to,
    buttons_to,
    choice,
    live_stories,
    meant,
    menu_of,
    nothing_live,
    pick_list,
)
from handlers.story_words import caveats, name, quoted
from runtime.slices import in_slices, others_first
from stories.edition import Edition
from stories.fulltext import typed, words_of
from stories.index import StoryIndex
from stories.search import NEAR, Found, surely
from stories.story import Question, Story
from wording.language import N_, _
from wording.message import Block, Button, Buttons, Message, Note, Ref, Row, Text, Tone
from wording.text import line, utf16
from wording.words import cited

TITLE = 200
"""Longer questions are shown in full below the title, where no platform cuts them."""
_LATER = N_("Questions are added as a story is updated. Its card shows what's known so far.")
_KEY = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class FaqCommand:
    """Answers a question by its key, or by words if they clearly mean one."""

    index: StoryIndex
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """The answer to the question nearest to what was asked; raises Sorry with others nearby."""
        at = self.now()
        asked = ask.get("question") or ask.get("text")
        if words := ask.get("story"):
            return self._about(meant(self.index, words, at, "faq"), asked, at, ask.get("page"))
        if not asked:
            return self._stories(at, ask.get("page"))
        if titled := self.index.search.titled(asked, at):
            return _questions(titled[0].story, "")
        if _KEY.fullmatch(asked) and (having := await self._having(asked, at)):
            return _which(having, asked, ask.get("page"))
        if _KEY.fullmatch(ask.get("question")):
            raise Sorry(
                _("That question was removed when the story was updated"),
                Text(_("These stories have questions.")),
                rows=menu_of(
                    _("Questions about …"), buttons_to("faq", self._asked_about(at, MENU))
                ),
            )
        edition = self.index.search.find(asked, at)
        if edition and set(typed(asked)) <= set(words_of(edition.story.title)):
            return _questions(edition.story, "")  # only words of its title
        await others_first()
        found = self.index.search.answers(asked, at=at)
        if sure := surely(asked, found):
            return _answer(sure.edition.story, sure.question, ask.get("page"))
        if edition:
            return _questions(edition.story, "")
        raise _not_covered(asked, found, self._asked_about(at, 5))

    def _about(self, edition: Edition, asked: str, at: datetime, page: str) -> Message:
        story = edition.story
        if not asked:
            return _questions(story, page)
        for question in story.questions:
            if question.key == asked:
                return _answer(story, question, page)
        if _KEY.fullmatch(asked):
            raise Sorry(
                _("That question was removed when the story was updated"),
                Text(
                    _("“{story}” was updated and no longer answers it.").format(story=name(story))
                ),
                rows=(*_list(story, ""), Buttons((_to_story(story),))),
            )
        found = self.index.search.answers(asked, [edition], at)
        if sure := surely(asked, found):
            return _answer(story, sure.question, page)
        raise _not_covered(asked, found, [edition])

    async def _having(self, key: str, at: datetime) -> list[Found]:
        return [
            Found(edition, question, 100)
            async for edition in in_slices(self.index.live(at))
            for question in edition.story.questions
            if question.key == key
        ]

    def _asked_about(self, at: datetime, limit: int | None = None) -> list[Edition]:
        asked = (edition for edition in self.index.live(at) if edition.story.questions)
        return list(islice(asked, limit))

    def _stories(self, at: datetime, page: str) -> Message:
        editions = self._asked_about(at)
        if not editions and not self.index.top(1, at):
            raise nothing_live()
        if not editions:
            raise Sorry(
                _("No live story has questions yet"),
                Text(_(_LATER)),
                rows=menu_of(_("Open a story …"), buttons_to("story", self.index.top(5, at))),
            )
        return Message(
            _("Which story do you want to know more about?"),
            (
                Text(
                    _("Pick a story to see its questions, or type /faq and ask in your own words.")
                ),
            ),
            rows=pick_list(
                _("Stories with questions …"),
                editions,
                button_to("faq"),
                page,
                lambda to: Ref("faq", ("", "", "", to)),
            ),
        )

    def complete_question(self, typed: str, ask: Ask) -> list[Choice]:
        """Suggest questions of live stories while someone types."""
        at = self.now()
        chosen = ask.get("story")
        edition = self.index.search.find(chosen, at) if chosen else None
        if chosen and edition is None:
            return []
        if len(typed.strip()) > 1:
            found = self.index.search.answers(typed, [edition] if edition else None, at, limit=MENU)
            return [choice(each.question.question, each.question.key) for each in found]
        editions = [edition] if edition else self._asked_about(at, MENU)
        questions = [each for edition in editions for each in edition.story.questions]
        return [choice(each.question, each.key) for each in questions[:MENU]]


def faq_command(index: StoryIndex, now: Callable[[], datetime]) -> Command:
    """The command /faq."""
    faq = FaqCommand(index, now)
    return Command(
        "faq",
        N_("Ask a question about a story"),
        faq.answer,
        options=(
            Option("story", N_("Which story"), live_stories(index, now)),
            Option("question", N_("Which of its questions"), faq.complete_question),
            Option("text", N_("Your question, in your own words"), faq.complete_question),
            Option("page", N_("Which page"), hidden=True),
        ),
        rest="text",
        takes_text=True,
    )


def _questions(story: Story, page: str) -> Message:
    if not story.questions:
        raise Sorry(
            _("“{story}” has no questions yet").format(story=name(story)),
            Text(_(_LATER)),
            rows=(Buttons((_to_story(story),)),),
        )
    return Message(
        _("Questions about “{story}”").format(story=name(story)),
        tuple(caveats(story)),
        rows=(*_list(story, page), Buttons((_to_story(story),))),
        tone=_tone(story),
    )


def _list(story: Story, page: str) -> tuple[Row, ...]:
    return pick_list(
        _("Pick a question …"),
        story.questions,
        lambda question: _button(story, question),
        page,
        lambda to: Ref("faq", (story.id, "", "", to)),
    )


def _answer(story: Story, question: Question, said: str) -> Message:
    pages = leaves(question.answer)
    page = page_of(said, len(pages))
    title = line(question.question) or "?"
    blocks: list[Block] = []
    if utf16(title) > TITLE:
        blocks.append(Text(title))
        title = _("A question about “{story}”").format(story=name(story))
    blocks += (Text(paragraph) for paragraph in pages[page - 1].split("\n\n"))
    if len(pages) > 1:
        blocks.append(Note(_("Page {page} of {pages}").format(page=page, pages=len(pages))))
    if outlets := cited(story, question.sources):
        blocks.append(Note(_("Sources: {outlets}").format(outlets=outlets)))
    blocks += caveats(story)
    source = _("From “{story}”, updated") if story.updated_at else _("From “{story}”")
    blocks.append(Note(source.format(story=name(story)), story.updated_at))
    return Message(
        title,
        tuple(blocks),
        rows=(
            *turning(page, len(pages), lambda to: Ref("faq", (story.id, question.key, "", to))),
            Buttons((Button(_("All questions"), Ref("faq", (story.id,))), _to_story(story))),
        ),
        tone=_tone(story),
    )


def _which(having: Sequence[Found], asked: str, page: str) -> Message:
    """The answer to a question by its key; if several stories answer it, asks which is meant."""
    if len(having) == 1:
        return _answer(having[0].edition.story, having[0].question, page)
    return Message(
        line(having[0].question.question),
        (Text(_("Several stories answer this. Which one do you mean?")),),
        rows=menu_of(
            _("Pick a story …"),
            [
                Button(name(each.edition.story), Ref("faq", (each.edition.story.id, asked)))
                for each in having
            ],
        ),
    )


def _not_covered(asked: str, found: Sequence[Found], stories: Sequence[Edition]) -> Sorry:
    """The answer to a question nobody has answered: the nearest ones, or else what there is."""
    near = [each for each in found if each.score >= NEAR]
    if near:
        return Sorry(
            _("I'm not sure what you mean by {words}").format(words=quoted(asked)),
            Text(_("Did you mean one of these?")),
            rows=_offer(_("Did you mean …"), near),
        )
    if found:
        return Sorry(
            _("Not covered: {words}").format(words=quoted(asked)),
            Text(_("No story answers that. These are the closest questions with an answer.")),
            rows=_offer(_("Closest questions …"), found),
        )
    about = buttons_to("faq", [each for each in stories if each.story.questions])
    return Sorry(
        _("Not covered: {words}").format(words=quoted(asked)),
        Text(
            _("No story answers that. These stories have questions and answers.")
            if about
            else _("No live story has questions and answers right now.")
        ),
        rows=menu_of(_("Questions about …"), about),
    )


def _offer(prompt: str, found: Sequence[Found]) -> tuple[Row, ...]:
    return menu_of(prompt, [_button(each.edition.story, each.question) for each in found])


def _button(story: Story, question: Question) -> Button:
    return Button(line(question.question) or "?", Ref("faq", (story.id, question.key)))


def _to_story(story: Story) -> Button:
    return Button(_("Story"), Ref("story", (story.id,)))


def _tone(story: Story) -> Tone:
    return Tone.PLAIN if story.retracted is None else Tone.WITHDRAWN
