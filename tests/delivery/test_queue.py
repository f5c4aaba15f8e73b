"""In what order cards are brought up: urgent first, nobody starves, one at a time."""

from collections.abc import Iterator
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.delivery.queue import Key, Queue
from bot.model.chat import Chat
from bot.model.due import DueSubject
from stories.story import StoryId

NORTH, SOUTH = Chat("discord", "1"), Chat("discord", "2")
ROUTINE_S = 30.0


def mark(chat: Chat, story: str = "ferry", seq: int = 1) -> DueSubject:
    return DueSubject(chat, StoryId(story), seq)


def never(chat: Chat) -> float:
    """No chat rests."""
    return 0.0


def drained(queue: Queue, now: float) -> Iterator[DueSubject]:
    """Take one mark after the other, each brought to its end."""
    while (taken := queue.take(now, never)) is not None:
        yield taken
        queue.release((taken.chat, taken.subject))


def test_what_is_urgent_goes_before_what_was_there_already() -> None:
    queue = Queue()
    queue.add(mark(NORTH, "routine"), 0, server="n", stands_back_s=ROUTINE_S)
    queue.add(mark(NORTH, "urgent"), 1, server="n")
    assert [each.subject for each in drained(queue, 2)] == ["urgent", "routine"]


def test_what_has_waited_long_goes_before_what_is_urgent_now() -> None:
    queue = Queue()
    queue.add(mark(NORTH, "routine"), 0, server="n", stands_back_s=ROUTINE_S)
    queue.add(mark(SOUTH, "urgent"), ROUTINE_S + 1, server="s")
    assert [each.subject for each in drained(queue, ROUTINE_S + 1)] == ["routine", "urgent"]


def test_a_card_is_in_line_once_with_the_newest_and_keeps_its_place() -> None:
    queue = Queue()
    queue.add(mark(NORTH, seq=1), 0, server="n")
    queue.add(mark(SOUTH), 1, server="s")
    queue.add(mark(NORTH, seq=2), 2, server="n")
    assert len(queue) == 2
    assert [(each.chat, each.seq) for each in drained(queue, 3)] == [(NORTH, 2), (SOUTH, 1)]


def test_marks_that_are_told_in_the_wrong_order_leave_the_newest() -> None:
    queue = Queue()
    queue.add(mark(NORTH, seq=6), 0, server="n")
    queue.add(mark(NORTH, seq=5), 1, server="n")
    assert [each.seq for each in drained(queue, 2)] == [6]


def test_what_waits_again_leaves_the_newest_too() -> None:
    queue = Queue()
    queue.add(mark(NORTH, seq=6), 0, server="n")
    taken = queue.take(0, never)
    assert taken is not None
    queue.add(mark(NORTH, seq=5), 1, server="n")
    queue.release((taken.chat, taken.subject))
    queue.add_later(taken, 60)
    assert [each.seq for each in drained(queue, 2)] == [6]


def test_what_waits_again_does_not_hide_what_is_newer() -> None:
    queue = Queue()
    queue.add(mark(NORTH, seq=6), 0, server="n")
    queue.add_later(mark(NORTH, seq=5), 60)
    assert [each.seq for each in drained(queue, 0)] == [6]


def test_what_becomes_urgent_moves_forward() -> None:
    queue = Queue()
    queue.add(mark(NORTH, "late"), 0, server="n", stands_back_s=ROUTINE_S)
    queue.add(mark(SOUTH, "other"), 0, server="s", stands_back_s=ROUTINE_S - 1)
    queue.add(mark(NORTH, "late", seq=2), 1, server="n")
    assert [each.subject for each in drained(queue, 2)] == ["late", "other"]


def test_a_card_in_hand_is_in_no_other() -> None:
    queue = Queue()
    queue.add(mark(NORTH, seq=1), 0, server="n")
    first = queue.take(0, never)
    assert first is not None
    queue.add(mark(NORTH, seq=2), 1, server="n")  # an update meanwhile
    assert queue.take(100, never) is None
    assert len(queue) == 1
    queue.release((first.chat, first.subject))
    assert queue.take(100, never) == mark(NORTH, seq=2)


def test_a_chat_has_one_card_in_hand_at_a_time() -> None:
    queue = Queue()
    for story in ("one", "two"):
        queue.add(mark(NORTH, story), 0, server="n")
    queue.add(mark(SOUTH, "three"), 5, server="s")
    taken = [queue.take(5, never), queue.take(5, never), queue.take(5, never)]
    assert [each and each.subject for each in taken] == ["one", "three", None]


def test_a_card_held_out_of_turn_is_left_alone() -> None:
    queue = Queue()
    queue.add(mark(NORTH), 0, server="n")
    assert queue.hold((NORTH, StoryId("ferry")))
    assert not queue.hold((NORTH, StoryId("ferry")))
    assert queue.take(1, never) is None
    queue.release((NORTH, StoryId("ferry")))
    assert queue.take(1, never) == mark(NORTH)


def test_a_card_held_beside_one_in_hand_makes_no_room_for_a_third() -> None:
    queue = Queue()
    for story in ("one", "two"):
        queue.add(mark(NORTH, story), 0, server="n")
    assert queue.take(1, never) == mark(NORTH, "one")
    held = (NORTH, StoryId("held"))
    assert queue.hold(held)
    queue.release(held)
    assert queue.take(1, never) is None
    queue.release((NORTH, StoryId("one")))
    assert queue.take(1, never) == mark(NORTH, "two")


def test_what_is_to_wait_waits() -> None:
    queue = Queue()
    queue.add(mark(NORTH), 0, server="n")
    taken = queue.take(0, never)
    assert taken is not None
    queue.release((taken.chat, taken.subject))
    queue.add_later(taken, 60)
    assert queue.take(59, never) is None
    assert queue.waits(59) == 1
    assert queue.take(60, never) == taken


def test_an_update_does_not_wait_for_what_was_to_wait() -> None:
    queue = Queue()
    queue.add_later(mark(NORTH, seq=1), 60)
    queue.add(mark(NORTH, seq=2), 10, server="n")
    assert queue.take(10, never) == mark(NORTH, seq=2)
    queue.release((NORTH, StoryId("ferry")))
    assert queue.take(100, never) is None


def test_a_resting_chat_keeps_nobody_waiting() -> None:
    queue = Queue()
    queue.add(mark(NORTH), 0, server="n")
    queue.add(mark(SOUTH), 1, server="s")
    assert queue.take(1, lambda chat: 7.0 if chat == NORTH else 0.0) == mark(SOUTH)
    assert queue.waits(1) == 7
    assert queue.take(7.9, never) is None
    assert queue.take(8, never) == mark(NORTH)


def test_what_waits_for_its_chats_pace_is_late_as_well() -> None:
    queue = Queue()
    queue.add(mark(NORTH), 3, server="n")
    queue.add(mark(SOUTH), 5, server="s")
    assert queue.take(6, lambda _: 60.0) is None
    assert queue.longest_due(but=()) == 3
    assert queue.longest_due(but={NORTH}) == 5, "one that refuses us is not late, but parked"
    assert queue.longest_due(but={NORTH, SOUTH}) is None


def test_a_resting_chat_is_woken() -> None:
    queue = Queue()
    queue.add(mark(NORTH), 0, server="n")
    queue.add(mark(NORTH, "tram"), 0, server="n")
    assert queue.take(1, lambda _: 600.0) is None
    assert sorted(queue.stories_of(NORTH)) == ["ferry", "tram"]
    assert queue.stories_of(SOUTH) == []
    queue.wake(NORTH)
    queue.wake(SOUTH)
    assert [taken.subject for taken in drained(queue, 2)] == ["ferry", "tram"]
    assert queue.take(700, never) is None, "what rested is not taken twice"


class Unwalkable(dict[Any, Any]):
    """Answers for one key, and for all of them to nobody."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("nobody walks through all that is due")

    def keys(self) -> Any:
        return iter(self)

    def values(self) -> Any:
        return iter(self)

    def items(self) -> Any:
        return iter(self)


def test_what_is_due_in_one_chat_is_told_without_a_look_at_the_others() -> None:
    queue = Queue(_entries=Unwalkable())
    for chat in (NORTH, SOUTH):
        queue.add(mark(chat), 0, server="n")
    queue.add_later(mark(NORTH, "tram"), 9)
    assert queue.stories_of(NORTH) == ["ferry", "tram"]
    assert [each.subject for each in queue.waiting(NORTH)] == ["ferry", "tram"]
    assert queue.take(1, never) == mark(NORTH)
    assert sorted(queue.stories_of(NORTH)) == ["ferry", "tram"], "one is in hand"
    assert [each.subject for each in queue.waiting(NORTH)] == ["tram"]
    queue.add(mark(NORTH, seq=2), 2, server="n")
    assert sorted(queue.stories_of(NORTH)) == ["ferry", "tram"], "each once"
    queue.release((NORTH, StoryId("ferry")))
    assert [each.subject for each in drained(queue, 10)] == ["ferry", "ferry", "tram"]
    assert queue.stories_of(NORTH) == []
    assert queue.waiting(NORTH) == []


def test_a_server_with_five_hundred_chats_leaves_the_one_of_another_its_turn() -> None:
    queue = Queue()
    for number in range(500):
        queue.add(mark(Chat("discord", f"1{number}")), 0, server="large")
    queue.add(mark(SOUTH), 0.1, server="small")
    places = [each.chat for each in drained(queue, 100)]
    assert len(places) == 501
    assert places.index(SOUTH) < 5


def test_a_server_with_many_chats_gets_its_share_while_a_small_one_is_busy() -> None:
    queue = Queue()
    for number in range(50):
        queue.add(mark(Chat("discord", f"1{number}")), 0, server="large")
        queue.add(mark(SOUTH, f"story-{number}"), 0, server="small")
    first = [each.chat == SOUTH for each in drained(queue, 100)][:50]
    assert 20 <= sum(first) <= 30


def test_servers_that_had_their_share_are_forgotten_and_no_others() -> None:
    queue = Queue()
    for _ in range(500):
        queue.add(mark(NORTH), 10_000, server="large")
    for number in range(10_001):
        queue.add(mark(SOUTH), number, server=str(number))
    assert len(queue._servers) < 10
    assert "large" in queue._servers


CHATS = st.sampled_from([Chat("discord", str(number)) for number in range(1, 5)])
STORIES = st.sampled_from([StoryId(name) for name in ("ferry", "tram", "bridge")])


class Lines(RuleBasedStateMachine):
    """Whatever is added, held, taken and released: nothing is lost, nothing comes twice."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue()
        self.now = 0.0
        self.seq = 0
        self.due: dict[Key, tuple[float, int]] = {}
        """Not before when, and which."""
        self.in_hand: list[Key] = []
        self.taken: set[Key] = set()

    @rule(chat=CHATS, story=STORIES, back=st.sampled_from([0.0, ROUTINE_S]))
    def add(self, chat: Chat, story: StoryId, back: float) -> None:
        self.seq += 1
        self.queue.add(
            DueSubject(chat, story, self.seq), self.now, server=chat.address, stands_back_s=back
        )
        self.due[chat, story] = (0.0, self.seq)

    @rule(chat=CHATS, story=STORIES, wait=st.integers(0, 20))
    def add_later(self, chat: Chat, story: StoryId, wait: int) -> None:
        if (chat, story) in self.in_hand:
            return  # it is released first
        self.seq += 1
        self.queue.add_later(DueSubject(chat, story, self.seq), self.now + wait)
        not_before, _ = self.due.get((chat, story), (self.now + wait, 0))
        self.due[chat, story] = (not_before, self.seq)

    @rule(resting=st.sets(CHATS), seconds=st.integers(1, 10))
    def take(self, resting: set[Chat], seconds: int) -> None:
        mark = self.queue.take(self.now, lambda chat: seconds if chat in resting else 0.0)
        if mark is None:
            return
        key = (mark.chat, mark.subject)
        assert key not in self.in_hand
        assert mark.chat not in {chat for chat, _ in self.taken}
        assert mark.chat not in resting
        not_before, seq = self.due.pop(key)
        assert mark.seq == seq
        assert not_before <= self.now
        self.in_hand.append(key)
        self.taken.add(key)

    @rule(chat=CHATS, story=STORIES)
    def hold(self, chat: Chat, story: StoryId) -> None:
        assert self.queue.hold((chat, story)) == ((chat, story) not in self.in_hand)
        if (chat, story) not in self.in_hand:
            self.in_hand.append((chat, story))

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.in_hand))
        self.in_hand.remove(key)
        self.taken.discard(key)
        self.queue.release(key)
        if key in self.due:  # what waited for a held card lines up with its release
            self.due[key] = (0.0, self.due[key][1])

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def the_length_is_what_is_due_or_in_hand(self) -> None:
        assert len(self.queue) == len(self.due.keys() | set(self.in_hand))

    def teardown(self) -> None:
        for key in list(self.in_hand):
            self.queue.release(key)
        out = [
            ((each.chat, each.subject), each.seq) for each in drained(self.queue, self.now + 1e6)
        ]
        assert sorted(out) == sorted((key, seq) for key, (_, seq) in self.due.items())


TestLines = Lines.TestCase
TestLines.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
