"""The desk groups articles into stories, and keeps them through whatever happens to them."""

from collections.abc import Iterable

from newsroom.desk.desk import Desk
from newsroom.desk.entries import Does, Entry, Order, Withdrawn
from newsroom.desk.story import Story
from newsroom.model import Article, ArticleKey, Bullet, Draft
from stories.story import Status, StoryId
from tests.newsroom.desk.stream import STORIES, article, articles, entry, log, tick

FERRY = "ferry-brandur-runs-aground-off-"


def folded(entries: Iterable[Entry]) -> Desk:
    desk = Desk()
    for each in entries:
        desk.take(each)
    return desk


def ferry(count: int = 3) -> list[Article]:
    reports = STORIES["ferry"][:count]
    return [article(outlet, title, text, hours) for hours, outlet, title, text in reports]


def desk_with(*made: Article, until: float = 3.0) -> Desk:
    return folded([*(entry(each) for each in made), tick(until)])


def only(desk: Desk) -> Story:
    [story] = [story for story in desk.stories.values() if story.id]
    return story


def named(story: Story) -> StoryId:
    assert story.id is not None
    return story.id


def test_articles_are_grouped_by_what_they_report() -> None:
    desk = folded(log())
    home = desk.home
    for story in STORIES:
        keys = [made.key for name, made in articles() if name == story]
        assert len({home[key] for key in keys}) == 1, story
    assert len(set(home.values())) == len(STORIES) + 6


def test_a_story_of_one_outlet_is_not_seen() -> None:
    one, two = ferry(2)
    desk = desk_with(one, article(one.outlet, two.title, two.text, 0.6))
    [story] = desk.stories.values()
    assert (len(story.members), story.id, story.status) == (2, None, None)


def test_a_story_is_seen_ten_minutes_after_its_second_outlet() -> None:
    desk = folded([*(entry(each) for each in ferry(2)), tick(0.6 + 9 / 60)])
    assert [story.id for story in desk.stories.values()] == [None]
    changed = desk.take(tick(0.6 + 10 / 60))
    assert [story.status for story in changed] == [Status.EMERGING]
    assert named(changed[0]).startswith(FERRY)


def test_an_outlet_that_may_stand_alone_is_published_by_itself() -> None:
    hours, outlet, title, text = STORIES["ferry"][0]
    desk = desk_with(article(outlet, title, text, hours, alone=True), until=1.0)
    assert only(desk).status is Status.EMERGING
    assert desk.standing(only(desk)).virality <= 1.0


def test_three_outlets_and_four_articles_make_a_story_active() -> None:
    desk = desk_with(*ferry(4), until=4.0)
    assert only(desk).status is Status.ACTIVE
    standing = desk.standing(only(desk))
    assert (standing.articles, standing.independent, standing.outlets) == (4, 4, 3)


def test_a_story_cools_and_ends_in_silence() -> None:
    desk = desk_with(*ferry(4), until=4.0)
    story = only(desk)
    statuses = []
    for hours in (10, 16, 40, 76):
        desk.take(tick(hours))
        statuses.append(story.status)
    assert statuses == [Status.ACTIVE, Status.COOLING, Status.COOLING, Status.ENDED]
    assert desk.stories == {story.serial: story}, "it is there until the tick after its end"
    desk.take(tick(77))
    assert desk.stories == {}


def test_the_same_article_counts_once() -> None:
    one, two = ferry(2)
    desk = desk_with(one, two, one, until=1.0)
    desk.take(entry(one))
    desk.take(tick(2))
    assert len(only(desk).members) == 2


def test_an_agency_report_that_others_print_is_a_copy() -> None:
    one, two, _ = ferry()
    same = article("island-radio.example", one.title, one.text, 1.0)
    near = article("mainland-daily.example", "Ferry aground", f"SKERRICK. {one.text}", 1.2)
    desk = desk_with(one, two, same, near)
    origins = {member.entry.key: member.origin for member in only(desk).members.values()}
    assert origins == {one.key: None, two.key: None, same.key: one.key, near.key: one.key}
    assert desk.standing(only(desk)).independent == 2


def test_a_revised_article_stays_where_it_is() -> None:
    one, two, three = ferry()
    desk = desk_with(one, two, three)
    story = only(desk)
    corrected = article(one.outlet, one.title, one.text.replace("212", "221"), 0.0)
    assert corrected.key == one.key
    desk.take(entry(corrected, revised=True))
    assert desk.take(tick(3.1)) == (story,)
    assert story.members[one.key].revised == 1
    assert len(story.members) == 3


def test_a_withdrawn_article_leaves_and_the_last_one_ends_the_story() -> None:
    one, two = ferry(2)
    desk = desk_with(one, two)
    story = only(desk)
    desk.take(Withdrawn(two.key, "it was wrong"))
    assert desk.take(tick(3.1)) == (story,)
    assert list(story.members) == [one.key]
    assert story.retracted is None
    desk.take(Withdrawn(one.key, "it was wrong, too"))
    assert desk.take(tick(3.2)) == (story,)
    assert story.retracted == "it was wrong, too"
    desk.take(entry(one))
    desk.take(tick(3.3))
    assert desk.stories == {}, "what was withdrawn does not come back"


def test_of_a_withdrawn_originals_copies_the_oldest_counts() -> None:
    one, two, _ = ferry()
    copies = [article(f"paper-{n}.example", one.title, one.text, 1.0 + n) for n in (0, 1)]
    desk = desk_with(one, two, *copies, until=3.0)
    desk.take(Withdrawn(one.key, "it was wrong"))
    desk.take(tick(3.1))
    members = only(desk).members
    assert [members[copy.key].origin for copy in copies] == [None, copies[0].key]


def test_the_operator_splits_a_story() -> None:
    desk = desk_with(*ferry(4), until=4.0)
    story = only(desk)
    leaving = tuple(list(story.members)[2:])
    desk.take(Order(Does.SPLIT, named(story), articles=leaving))
    old, new = desk.take(tick(4.1))
    assert (old, new.split_from) == (story, story.id)
    assert tuple(new.members) == leaving
    assert not set(old.members) & set(new.members)


def test_the_operator_merges_stories_and_the_other_says_where_it_went() -> None:
    strike = [article(o, title, text, hours) for hours, o, title, text in STORIES["strike"][:2]]
    desk = desk_with(*ferry(), *strike)
    one, other = (story for story in desk.stories.values() if story.id)
    desk.take(Order(Does.MERGE, named(other), into=named(one)))
    assert desk.take(tick(3.1)) == (one, other)
    assert (other.merged_into, len(one.members)) == (one.id, 5)
    desk.take(tick(3.2))
    assert other.serial not in desk.stories


def test_the_operator_withdraws_a_story() -> None:
    desk = desk_with(*ferry())
    story = only(desk)
    desk.take(Order(Does.WITHDRAW, named(story), why="we were had"))
    assert desk.take(tick(3.1)) == (story,)
    assert story.retracted == "we were had"


def test_orders_about_stories_that_are_gone_do_nothing() -> None:
    desk = desk_with(*ferry())
    for does in Does:
        desk.take(Order(does, StoryId("gone"), into=named(only(desk))))
        desk.take(Order(does, named(only(desk)), into=named(only(desk))))
        if does is not Does.WITHDRAW:
            assert desk.take(tick(3.1)) == ()


def test_what_comes_after_the_end_is_a_new_story_that_follows() -> None:
    desk = desk_with(*ferry(4), until=4.0)
    first = named(only(desk))
    desk.take(tick(90))
    later = [
        article(f"late-{n}.example", each.title, each.text, 100.0 + n, key=f"later {n}")
        for n, each in enumerate(ferry(2))
    ]
    for each in later:
        desk.take(entry(each))
    desk.take(tick(102))
    assert only(desk).id != first
    assert only(desk).follows == first


def test_a_live_blog_belongs_to_no_story() -> None:
    one, two = ferry(2)
    blog = article("blog.example", "Live blog: ferry Brandur aground off Skerrick", one.text, 1.0)
    desk = desk_with(one, two, blog)
    assert blog.key not in desk.home


def test_a_checked_draft_stays_with_its_story() -> None:
    desk = desk_with(*ferry())
    story = only(desk)
    bullet = Bullet("All are ashore.", (ArticleKey("a"),))
    draft = Draft(named(story), "hash", "Brandur", (bullet,))
    desk.take(draft)
    assert story.draft == draft
