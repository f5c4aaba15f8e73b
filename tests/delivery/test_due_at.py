"""What is due can be due later, and be something else than a card: both survive a restart."""

from datetime import datetime, timedelta

from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.rule import Rule
from bot.model.step import Hold
from bot.model.subject import CARD, Subject, kind_of, story_of
from tests.simulation.calm import CHAT, Calm, played
from tests.simulation.storage import Client, MemoryDue
from tests.stories_made import FERRY
from wording.holds import HoldCode
from wording.reasons import Reason

HOUR = timedelta(hours=1)
BOARD: Subject = "board:main"


def test_a_subject_says_what_kind_of_thing_it_is() -> None:
    assert (kind_of(FERRY.id), story_of(FERRY.id)) == (CARD, FERRY.id)
    assert (kind_of(BOARD), story_of(BOARD)) == ("board", None)


class Boards:
    """Brings boards up to date, and remembers when."""

    def __init__(self, calm: Calm) -> None:
        self._calm = calm
        self.at: list[datetime] = []
        self.serve()

    def serve(self) -> None:
        self._calm.process.reconcilers["discord"].serve("board", self._step)

    async def _step(self, chat: Chat, subject: Subject) -> Hold | None:
        assert (chat, subject) == (CHAT, BOARD)
        self.at.append(self._calm.loop.calendar())
        return Hold(Reason(HoldCode.UP_TO_DATE))


def test_what_is_due_later_comes_then_also_after_a_restart() -> None:
    async def play(calm: Calm) -> None:
        boards = Boards(calm)
        due = MemoryDue(Client(calm.world.store))
        await calm.publish(FERRY)
        await calm.after(HOUR)
        later = calm.loop.calendar() + HOUR
        await due.enqueue("discord", [DueSubject(CHAT, BOARD, 0, later)], None)
        await calm.restart()
        boards.serve()
        await calm.after(HOUR / 2)
        assert boards.at == [], "it is not due yet"
        await calm.after(HOUR)
        [at] = boards.at
        assert later <= at < later + timedelta(minutes=1)
        assert await due.all("discord") == []

    played(Rule(all=True), play)


def test_a_kind_that_nobody_serves_stays_due_and_harms_nothing() -> None:
    async def play(calm: Calm) -> None:
        due, board = MemoryDue(Client(calm.world.store)), DueSubject(CHAT, BOARD, 0)
        await due.enqueue("discord", [board], None)
        await calm.publish(FERRY)
        await calm.after(HOUR)
        assert [sent.message.living for sent in calm.cards] == [FERRY.id]
        assert await due.all("discord") == [board]

    played(Rule(all=True), play)
