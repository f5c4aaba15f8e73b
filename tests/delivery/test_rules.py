"""Who wants it: rules found by what a story is about."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.model.rule
from bot.delivery.rules import RuleBook
from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Rule
from runtime.away import StorageAway
from stories.spelling import fold
from stories.story import Stats, Story, StoryId

HERE = Chat("discord", "1")
THERE = Chat("telegram", "-2")
FERRY = Story(
    StoryId("ferry"),
    "Night ferry returns",
    ("It sailed.",),
    keywords=("Night  Ferry", "harbour"),
    entities=("Strandline",),
    stats=Stats(virality=4.5, articles=14),
)


class Paper:
    """Rules written down nowhere."""

    def __init__(self, kept: Mapping[Chat, Rule] | None = None) -> None:
        self.kept = dict(kept or {})
        self.addresses: dict[Chat, Chat] = {}
        self.away = False
        self.unreadable: set[Chat] = set()

    async def load(self) -> Mapping[Chat, Rule]:
        return self.kept

    async def save(self, chat: Chat, rule: Rule | None) -> None:
        if self.away:
            raise StorageAway("paper is out")
        await asyncio.sleep(0)  # writing takes a moment, in which others may ask
        if rule is None:
            self.kept.pop(chat, None)
        else:
            self.kept[chat] = rule

    async def moved(self) -> Mapping[Chat, Chat]:
        return self.addresses

    async def move(self, old: Chat, new: Chat) -> None:
        self.addresses[old] = new

    async def put_back(
        self, platform: str, rules: Mapping[Chat, Rule], moved: Mapping[Chat, Chat]
    ) -> int:
        assert {chat.platform for chat in (*rules, *moved)} <= {platform}
        missing = len(rules.keys() - self.kept.keys())
        self.kept, self.addresses = {**rules, **self.kept}, {**moved, **self.addresses}
        return missing


@pytest.mark.parametrize(
    ("rule", "wants"),
    [
        (Rule(all=True), True),
        (Rule(keywords=("night ferry",)), True),
        (Rule(keywords=("NIGHT FERRY",)), True),
        (Rule(keywords=("ferry",)), False),
        (Rule(keywords=("Night\u00adFerry",)), False),
        (Rule(entities=("Strand\u00adline",)), True),
        (Rule(entities=("strandline",)), True),
        (Rule(entities=("harbour",)), False),
        (Rule(story_ids=(StoryId("ferry"),)), True),
        (Rule(), False),
        (Rule(all=True, min_virality=4.5), True),
        (Rule(all=True, min_virality=4.6), False),
        (Rule(all=True, min_articles=14), True),
        (Rule(all=True, min_articles=15), False),
        (Rule(keywords=("harbour",), min_virality=4.6), False),
    ],
)
def test_a_rule_finds_its_stories_whole_and_above_its_thresholds(rule: Rule, wants: bool) -> None:
    assert rule.wants(FERRY) is wants
    assert (HERE in RuleBook({HERE: rule}, Paper()).wanting(FERRY)) is wants


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("O'Neill", "O’Neill"),
        ("D’Amico", "D'AMICO"),
        ("São Braz", "Sa\u0303o Braz"),
        ("Zu\u0308rich", "ZÜRICH"),
        ("İzmit", "izmit"),
        ("IZMIT", "ızmit"),
        ("Saint-Malo", "Saint‑Malo"),
        ("Tokyo", "ＴＯＫＹＯ"),
    ],
)
def test_a_word_finds_its_stories_however_either_of_them_spells_it(kept: str, said: str) -> None:
    for one, other in ((kept, said), (said, kept)):
        rule = Rule(keywords=(one,), entities=(one,))
        for story in (replace(FERRY, keywords=(other,)), replace(FERRY, entities=(other,))):
            assert rule.wants(story)
            assert RuleBook({HERE: rule}, Paper()).wanting(story) == {HERE}


@given(st.text(max_size=12))
def test_a_word_folded_again_stays_the_same(word: str) -> None:
    assert fold(fold(word)) == fold(word)


@pytest.mark.parametrize("rule", [Rule(all=True, min_virality=0), Rule(all=True, min_articles=0)])
def test_an_absent_figure_fails_its_threshold(rule: Rule) -> None:
    assert not rule.wants(Story(StoryId("x"), "X", ("y",)))
    assert rule.wants(Story(StoryId("x"), "X", ("y",), stats=Stats(virality=0.0, articles=0)))


def test_who_muted_a_story_until_it_turns_major_is_found_and_who_muted_it_for_good_is_not() -> None:
    fixed = {
        chat: Rule(all=True, muted=(Mute(FERRY.id, until_major=waits),))
        for chat, waits in ((HERE, True), (THERE, False))
    }
    assert RuleBook(fixed, Paper()).wanting(FERRY) == {HERE}


async def test_a_changed_rule_is_saved_found_and_told() -> None:
    paper, told = Paper(), []

    async def listen(chat: Chat, before: Rule) -> None:
        told.append((chat, before))

    rules = RuleBook({}, paper)
    rules.on_change(listen)
    changed = await rules.change(THERE, lambda rule: replace(rule, keywords=("harbour",)))
    assert changed == (Rule(), Rule(keywords=("harbour",)))
    assert rules.wanting(FERRY) == {THERE}
    await rules.change(THERE, lambda _: Rule(keywords=("tram",)))
    assert rules.wanting(FERRY) == set()
    await rules.change(THERE, lambda rule: rule)
    await rules.change(THERE, lambda _: Rule())
    assert rules.of(THERE) is None
    assert paper.kept == {}
    ferry, tram = Rule(keywords=("harbour",)), Rule(keywords=("tram",))
    assert told == [(THERE, Rule()), (THERE, ferry), (THERE, tram)]


async def test_changes_made_at_once_keep_each_others() -> None:
    paper = Paper()
    rules = RuleBook({}, paper)

    def more(word: str) -> Callable[[Rule], Rule]:
        return lambda rule: replace(rule, keywords=(*rule.keywords, word))

    await asyncio.gather(*(rules.change(THERE, more(str(each))) for each in range(9)))
    assert sorted(paper.kept[THERE].keywords) == [str(each) for each in range(9)]


async def test_a_rule_that_cannot_be_saved_changes_nothing() -> None:
    paper = Paper()
    rules = RuleBook({}, paper)
    paper.away = True
    with pytest.raises(StorageAway):
        await rules.change(THERE, lambda _: Rule(all=True))
    assert rules.of(THERE) is None


async def test_the_operators_file_goes_before_what_was_set_from_chat() -> None:
    rules = RuleBook(
        {HERE: Rule(all=True)}, Paper({HERE: Rule(keywords=("x",)), THERE: Rule(all=True)})
    )
    await rules.load()
    assert rules.of(HERE) == Rule(all=True)
    assert rules.is_fixed(HERE)
    assert not rules.is_fixed(THERE)
    assert rules.wanting(FERRY) == {HERE, THERE}


@pytest.mark.parametrize("fixed", [True, False], ids=["of the file", "set from chat"])
async def test_a_chat_that_moved_takes_its_rule_along(fixed: bool) -> None:
    rule = {HERE: Rule(all=True)}
    paper = Paper({} if fixed else rule)
    rules = RuleBook(rule if fixed else {}, paper)
    await rules.load()
    await rules.move(HERE, THERE)
    assert rules.wanting(FERRY) == {THERE}
    assert rules.is_fixed(THERE) is fixed
    after_a_restart = RuleBook(rule if fixed else {}, paper)
    await after_a_restart.load()
    assert after_a_restart.wanting(FERRY) == {THERE}


words = st.lists(st.sampled_from(["a", "B", "b ", "c d", "C  D", "e"]), max_size=4).map(tuple)
some_rules = st.builds(Rule, all=st.booleans(), keywords=words, entities=words)


@given(st.lists(some_rules, max_size=8), words, words)
def test_the_index_finds_exactly_those_that_want(
    some: list[Rule], keywords: tuple[str, ...], entities: tuple[str, ...]
) -> None:
    story = Story(StoryId("s"), "S", ("x",), keywords=keywords, entities=entities)
    fixed = {Chat("discord", str(number)): rule for number, rule in enumerate(some, 1)}
    wanted = {chat for chat, rule in fixed.items() if rule.wants(story)}
    assert RuleBook(fixed, Paper()).wanting(story) == wanted


async def test_a_rule_that_another_process_forgot_is_forgotten_when_we_take_over() -> None:
    store = Paper({HERE: Rule(all=True), THERE: Rule(all=True)})
    fixed = Chat("discord", "9")
    book = RuleBook({fixed: Rule(all=True)}, store)
    await book.load()
    assert book.wanting(FERRY) == {HERE, THERE, fixed}
    del store.kept[HERE]
    await book.load()
    assert book.wanting(FERRY) == {THERE, fixed}
    assert book.of(HERE) is None


# What becomes of stories.

PORT = StoryId("port")
FOLLOWS = Rule(story_ids=(FERRY.id,))


async def test_who_follows_or_mutes_what_became_a_part_of_another_means_that_one() -> None:
    mutes = Rule(all=True, muted=(Mute(FERRY.id),))
    others = {Chat("discord", "3"): Rule(all=True), THERE: FOLLOWS}
    paper, told = Paper({HERE: FOLLOWS, Chat("discord", "2"): mutes, **others}), []

    async def listen(chat: Chat, before: Rule) -> None:
        told.append(chat)

    rules = RuleBook({}, paper)
    rules.on_change(listen)
    await rules.load()
    assert await rules.inherit(FERRY.id, PORT, "discord") == {HERE, Chat("discord", "2")}
    assert paper.kept == {
        HERE: Rule(story_ids=(PORT,)),
        Chat("discord", "2"): Rule(all=True, muted=(Mute(PORT),)),
        **others,
    }
    assert rules.following(PORT) == {HERE}
    assert rules.following(FERRY.id) == {THERE}
    assert told == [], "nobody asked for it, and nobody is welcomed"


async def test_who_mutes_a_story_is_known_for_as_long_as_it_does() -> None:
    mutes = Rule(all=True, muted=(Mute(FERRY.id),))
    rules = RuleBook({}, Paper({HERE: mutes, Chat("discord", "2"): mutes}))
    await rules.load()
    await rules.unmute(HERE, FERRY.id)
    assert await rules.inherit(FERRY.id, PORT, "discord") == {Chat("discord", "2")}
    assert await rules.inherit(FERRY.id, PORT, "discord") == set()
    assert await rules.inherit(PORT, FERRY.id, "discord") == {Chat("discord", "2")}


def test_the_words_of_a_rule_are_folded_once_for_all_stories(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folded: list[object] = []

    def folding(words: tuple[str, ...]) -> frozenset[str]:
        folded.append(words)
        return frozenset(words)

    monkeypatch.setattr(bot.model.rule, "folded", folding)
    wanting = Rule(keywords=("folded", "once"), entities=("for", "all"))
    for number in range(50):
        assert not wanting.wants(replace(FERRY, id=StoryId(f"{number}")))
    assert len(folded) == 2


async def test_a_rule_of_the_file_is_changed_by_what_becomes_of_stories_and_never_saved() -> None:
    paper = Paper()
    rules = RuleBook({HERE: replace(FOLLOWS, muted=(Mute(StoryId("tram")),))}, paper)
    assert await rules.inherit(FERRY.id, PORT, "discord") == {HERE}
    assert paper.kept == {}
    assert await rules.unmute(HERE, StoryId("tram")) == Rule(story_ids=(PORT,))
    assert rules.of(HERE) == Rule(story_ids=(PORT,))
    await rules.amend(HERE, lambda rule: rule.without(PORT))
    assert rules.of(HERE) is None
    assert paper.kept == {}


async def test_a_chat_that_moved_is_told_of_as_one_that_is_new() -> None:
    told = []

    async def listen(chat: Chat, before: Rule) -> None:
        told.append((chat, before))

    rules = RuleBook({HERE: Rule(all=True)}, Paper())
    rules.on_change(listen)
    await rules.move(HERE, THERE)
    assert told == [(THERE, Rule())]


TRAM = StoryId("tram")
PLAIN, LOUD = Rule(keywords=("Ferry",), muted=(Mute(TRAM),)), Loudness.EDIT


@pytest.mark.parametrize(
    ("there", "both"),
    [
        (Rule(keywords=("ferry", "port")), replace(PLAIN, keywords=("Ferry", "port"))),
        (Rule(story_ids=(TRAM,)), replace(PLAIN, story_ids=(TRAM,), muted=())),
        (Rule(all=True, loudness=LOUD), replace(PLAIN, all=True, loudness=LOUD)),
        (
            Rule(pins=2, keeper=THERE, muted=(Mute(TRAM, until_major=True),)),
            replace(PLAIN, pins=2, keeper=THERE, muted=(Mute(TRAM, until_major=True),)),
        ),
    ],
)
async def test_what_was_chosen_where_a_chat_moved_to_stays(there: Rule, both: Rule) -> None:
    paper = Paper({HERE: PLAIN, THERE: there})
    rules = RuleBook({}, paper)
    await rules.load()
    for _ in range(2):
        await rules.move(HERE, THERE)
        assert rules.of(THERE) == both
        assert paper.kept == {THERE: both}


async def test_what_goes_along_with_a_rule_does_so_however_often_the_storage_is_away() -> None:
    went, paper = [], Paper({HERE: PLAIN})

    async def along(old: Chat, new: Chat) -> None:
        went.append((old, new))

    rules = RuleBook({}, paper)
    rules.on_move(along)
    await rules.load()
    paper.away = True
    with pytest.raises(StorageAway):
        await rules.move(HERE, THERE)
    assert rules.of(THERE) == PLAIN, "what is asked there next finds it"
    paper.away = False
    await rules.move(HERE, THERE)
    await rules.move(HERE, THERE)
    assert (went, paper.kept) == ([(HERE, THERE)] * 2, {THERE: PLAIN})


async def test_who_keeps_chats_is_found_but_for_those_of_the_file() -> None:
    kept = Rule(all=True, keeper=Chat("discord", "@5"))
    rules = RuleBook({HERE: kept}, Paper({THERE: kept, Chat("discord", "2"): Rule(all=True)}))
    await rules.load()
    assert rules.kept_by(Chat("discord", "@5")) == [THERE]


async def test_a_book_puts_back_one_platforms_rules_as_they_are_now() -> None:
    fixed, gone, left = (Chat("telegram", number) for number in ("-3", "-4", "-5"))
    paper = Paper()
    book = RuleBook({fixed: Rule(all=True)}, paper)
    for chat in (HERE, THERE, gone):
        await book.change(chat, lambda _: Rule(all=True))
    await book.move(gone, left)
    await book.change(left, lambda _: Rule())
    paper.kept, paper.addresses = {}, {}
    assert await book.put_back("telegram") == 1
    assert paper.kept == {THERE: Rule(all=True)}, "none of the file's, none that was forgotten"
    assert paper.addresses == {}
    moved = Chat("telegram", "-6")
    await book.move(THERE, moved)
    paper.kept, paper.addresses = {moved: Rule(keywords=("ferry",))}, {}
    assert await book.put_back("telegram") == 0
    assert paper.kept == {moved: Rule(keywords=("ferry",))}, "what is there stays"
    assert paper.addresses == {THERE: moved}


async def test_what_is_changed_while_rules_are_read_is_not_undone_by_what_was_read() -> None:
    store = Paper()
    book = RuleBook({}, store)
    await book.change(HERE, lambda rule: replace(rule, all=True))
    begun, go_on, load = asyncio.Event(), asyncio.Event(), store.load

    async def slow() -> Mapping[Chat, Rule]:
        read = dict(await load())
        begun.set()
        await go_on.wait()
        return read

    store.load = slow  # type: ignore[method-assign]
    reading = asyncio.create_task(book.load())
    await begun.wait()
    changing = asyncio.create_task(book.change(HERE, lambda rule: replace(rule, all=False, pins=3)))
    await asyncio.sleep(0.01)
    go_on.set()
    await asyncio.gather(reading, changing)
    assert book.of(HERE) == Rule(pins=3)
