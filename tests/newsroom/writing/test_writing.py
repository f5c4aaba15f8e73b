"""What the newsroom publishes of a story: only what its articles say, and calmly."""

from dataclasses import replace
from datetime import timedelta

import pytest

from newsroom.writing import calm, conflicts, titles
from newsroom.writing.corrections import correction
from newsroom.writing.material import Report
from newsroom.writing.sentences import is_quotable, split
from stories import wire
from stories.delta import Kind, Weight, compare
from stories.story import Status, StoryId
from tests.newsroom.writing.made import BEGIN, STORY, common, ferry, material, report, written


def test_every_sentence_is_one_of_an_article_it_names() -> None:
    story = written(ferry()).story
    said = [{each.article.title, *split(each.article.text)} for each in ferry()]
    assert wire.read(wire.write(story)).story == story
    assert story.headline in {each.title for each in story.sources}
    assert len(story.breakdown) == 3
    for text, places in story.bullets():
        assert len(places) == 1
        assert text in said[places[0]]
    assert story.questions
    for question in story.questions:
        lines = question.answer.splitlines()
        assert question.sources
        assert all(any(line in said[place] for place in question.sources) for line in lines)


def test_no_article_is_quoted_twice() -> None:
    story = written(ferry()).story
    quoted = [place for _, places in story.bullets() for place in places]
    assert len(quoted) == len(set(quoted))


def test_the_same_story_gives_the_same_document() -> None:
    assert wire.write(written(ferry()).story) == wire.write(written(ferry()).story)


@pytest.mark.parametrize(
    "text",
    [
        "He said the ferry would be pulled free on Tuesday.",
        "But the coastguard said that nobody was hurt there.",
        "Click here to see pictures of the grounded ferry Brandur.",
        "Why did the ferry Brandur run aground off Skerrick?",
        "The ferry Brandur ran aground on a sandbank off...",
        "The coastguard said: “Nobody was hurt on the ferry.",
        "Too short to quote.",
    ],
)
def test_what_does_not_stand_alone_is_not_quoted(text: str) -> None:
    assert not is_quotable(text)


def test_a_title_stands_in_for_an_article_without_a_sentence() -> None:
    bare = report("Quay News", "Tugs pull the ferry Brandur off its sandbank", "", 60)
    story = written([*ferry(), bare]).story
    assert bare.article.title in story.breakdown


def test_bullets_stay_when_articles_come() -> None:
    before = written(ferry())
    news = (
        "Divers found two dents in the hull of the ferry Brandur, the harbour master said.",
        "Norrvik promised every passenger of the ferry Brandur the whole fare back.",
        "Seals gathered around the sandbank on which the ferry Brandur lay, a warden said.",
        "Schools in Skerrick closed for a day to house families from the ferry Brandur.",
        "The radar of the ferry Brandur had been out of order, according to an engineer.",
    )
    more = [
        report(f"Paper {n}", f"Grounded ferry Brandur, report {n}", text, 100 + n)
        for n, text in enumerate(news)
    ]
    after = written([*ferry(), *more], before, 120)
    assert after.story.breakdown[:3] == before.story.breakdown
    assert len(after.story.breakdown) == 5
    later = written([*ferry(), *more], after, 130)
    stays = [each for each in later.story.breakdown if each in after.story.breakdown]
    assert len(stays) >= 4
    assert len(later.story.breakdown) <= 6


def test_a_story_that_goes_on_is_never_rewritten() -> None:
    reports, before = ferry(), written(ferry())
    for n in range(16):
        text = f"Ferry Brandur near Skerrick: the coastguard counted {n + 300} gulls from tug {n}."
        reports.append(report(f"Paper {n}", f"Ferry Brandur, part {n}", text, 100 + n))
        after = written(reports, before, 100 + n)
        kinds = {change.kind for change in compare(before.story, after.story).changes}
        assert Kind.REWRITTEN not in kinds
        before = after


def test_a_bullet_stays_when_its_text_has_expired() -> None:
    before = written(ferry())
    old = [replace(each, expired=True, article=replace(each.article, text="")) for each in ferry()]
    assert written(old, before, 120).story.breakdown == before.story.breakdown


def test_a_bullet_goes_when_its_article_no_longer_says_it() -> None:
    before = written(ferry())
    first = report("Harbour Times", "Ferry Brandur runs aground off Skerrick with 212 aboard", "")
    after = written([replace(first, revised=1), *ferry()[1:]], before, 120)
    assert not any("before dawn" in each for each in after.story.breakdown)


def test_the_title_freezes_at_four_outlets() -> None:
    fourth = report(
        "Quay News",
        "Skerrick ferry Brandur floats again",
        "Tugs have pulled the ferry Brandur off the sandbank near Skerrick at high tide.",
        60,
    )
    before = written([*ferry(), fourth])
    assert before.frozen
    more = [
        report(f"Paper {n}", f"Divers look at hull of ferry Brandur {n}", "", 100 + n)
        for n in range(12)
    ]
    after = written([*ferry(), fourth, *more], before, 120)
    assert after.headline == before.headline
    assert after.story.title == before.story.title


def test_a_frozen_title_changes_when_the_story_has_become_another() -> None:
    before = replace(written(ferry()), frozen=True)
    more = [
        report(f"Paper {n}", "Minister Okafor resigns over Norrvik contract", "", 800 + n)
        for n in range(4)
    ]
    after = written([*ferry(), *more], before, 820)
    assert after.headline.text == "Minister Okafor resigns over Norrvik contract"


def test_the_short_title_has_what_the_titles_share() -> None:
    every = [each.article.title for each in ferry()]
    assert titles.short(every[0], every) == "Ferry Brandur"
    assert titles.short("No trams in Velden", ["No trams in Velden"]) == "Trams in Velden"
    assert len(titles.short("a b c d e f", ["a b c d e f"]).split()) <= titles.WORDS


def test_names_that_two_outlets_use_are_entities() -> None:
    story = written(ferry()).story
    assert story.entities[:2] == ("Brandur", "Skerrick")
    assert "ferry" in story.keywords


def test_a_question_keeps_its_key_when_its_answer_changes() -> None:
    before = written(ferry())
    asked = {each.question: each for each in before.story.questions}
    assert asked["Why did it happen?"].answer.startswith("The shipping line Norrvik blamed fog")
    assert asked["Who is Norrvik?"].answer.startswith("Norrvik, the shipping line,")
    assert "What do reports differ on?" not in asked
    first, second, third = ferry()
    text = second.article.text.replace("fog", "a broken radar")
    changed = replace(second, revised=1, article=replace(second.article, text=text))
    after = written([first, changed, third], before, 120)
    again = {each.question: each for each in after.story.questions}["Why did it happen?"]
    assert "radar" in again.answer
    assert again.key == asked["Why did it happen?"].key


def test_different_figures_for_the_same_thing_are_a_conflict() -> None:
    other = report(
        "Quay News",
        "Ferry aground off Skerrick",
        "The ferry Brandur ran aground on a sandbank off Skerrick with 150 people aboard.",
        40,
    )
    story = written([*ferry(), other]).story
    (conflict,) = story.conflicts
    assert conflict.about == "number of people"
    assert [story.sources[each.source].outlet for each in conflict.reports] == [
        "Quay News",
        "Harbour Times",
    ]
    assert any(each.question == "What do reports differ on?" for each in story.questions)


@pytest.mark.parametrize(
    "text",
    [
        "The ferry Brandur ran aground on a sandbank off Skerrick with over 150 people aboard.",
        "The ferry Brandur ran aground on a sandbank off Skerrick with 210 people aboard.",
        "The ferry Brandur ran aground on a sandbank off Skerrick with 150 injured people aboard.",
        "A café in Velden fed 150 people for nothing in the spring of last year.",
        "The ferry Brandur ran aground on a sandbank off Skerrick for 150 minutes on Tuesday.",
    ],
)
def test_figures_that_do_not_contradict_are_no_conflict(text: str) -> None:
    other = report("Quay News", "Ferry aground off Skerrick", text, 40)
    assert conflicts.conflicts([*ferry(), other]) == ()


def test_yes_against_no_is_a_conflict() -> None:
    one = report("A", "Ferry line", "The shipping line Norrvik will repair the ferry Brandur.", 0)
    two = report("B", "Ferry", "The shipping line Norrvik will not repair the ferry Brandur.", 5)
    (found,) = conflicts.conflicts([one, two])
    assert [each.article.name for each in found.reports] == ["B", "A"]
    same = report("C", "Ferry", "The shipping line Norrvik will soon repair the ferry Brandur.", 5)
    assert conflicts.conflicts([one, same]) == ()


def _revised(text: str) -> list[Report]:
    return [replace(ferry()[0], revised=1, article=replace(ferry()[0].article, text=text))]


def test_a_reworded_article_is_no_correction() -> None:
    before = written(ferry())
    new = (
        "Before dawn on Tuesday the ferry Brandur, with 212 people aboard, hit a sandbank off "
        "Skerrick and stuck. The coastguard said nobody was hurt."
    )
    after = written([*_revised(new), *ferry()[1:]], before, 120)
    assert after.story.correction is None


def test_a_changed_figure_is_a_correction_unless_another_outlet_still_reports_it() -> None:
    before = written(ferry())
    new = ferry()[0].article.text.replace("212", "187")
    after = written([*_revised(new), *ferry()[1:]], before, 120)
    assert after.story.correction is not None
    assert after.story.correction.text.startswith("Harbour Times now says: “The ferry Brandur")
    assert "187" in after.story.correction.text
    assert any("187" in each for each in after.story.breakdown)
    later = written([*_revised(new), *ferry()[1:]], after, 130)
    assert later.story.correction == after.story.correction
    still = report(
        "Quay News",
        "Ferry aground",
        "The ferry Brandur ran aground on a sandbank off Skerrick before dawn on Tuesday with 212 "
        "people aboard.",
        40,
    )
    kept = written(
        [*_revised(new), *ferry()[1:], still],
        before,
        120,
    )
    assert kept.story.correction is None


def test_what_the_publisher_marks_is_a_correction() -> None:
    before = written(ferry())
    new = "The ferry is safe. Correction: an earlier version of this article named another ferry."
    after = written([*_revised(new), *ferry()[1:]], before, 120)
    assert after.story.correction is not None
    assert "no longer says" in after.story.correction.text


def test_a_withdrawn_article_leaves_with_a_correction() -> None:
    before = written(ferry())
    gone = ferry()[0].article.key
    after = written(ferry()[1:], before, 120, withdrawn={gone: "It was untrue."})
    assert after.story.correction is not None
    assert after.story.correction.text.startswith("Harbour Times withdrew its report")
    assert not any("before dawn" in each for each in after.story.breakdown)
    split = written(ferry()[1:], before, 120)
    assert split.story.correction is None  # it only went to another story


def test_a_story_without_sources_is_retracted_with_the_reason() -> None:
    before = written(ferry())
    gone = {each.article.key: "It was untrue." for each in ferry()}
    after = written([], before, 120, withdrawn=gone)
    assert after.story.retracted == "It was untrue."
    assert wire.read(wire.write(after.story)).story.retracted


def test_a_merged_story_has_one_last_document() -> None:
    before = written(ferry())
    after = written([], before, 120, merged_into=StoryId("other-12ab34"))
    assert after.story.merged_into == "other-12ab34"
    assert after.story.breakdown == before.story.breakdown
    assert calm.is_due(before, after, BEGIN + timedelta(minutes=90))


def test_documents_wait_a_minute_and_five_for_an_old_story() -> None:
    before = written(ferry())
    more = report("Quay News", "Tugs reach the ferry Brandur", "", 90)
    after = written([*ferry(), more], before, 91)
    now = BEGIN + timedelta(minutes=90)
    assert not calm.is_due(before, after, now + timedelta(seconds=59))
    assert calm.is_due(before, after, now + timedelta(seconds=60))
    old = written(ferry(), None, 480)
    after = written([*ferry(), more], old, 481)
    now = BEGIN + timedelta(minutes=480)
    assert not calm.is_due(old, after, now + timedelta(seconds=299))
    assert calm.is_due(old, after, now + timedelta(seconds=300))
    over = replace(after.story, stats=replace(after.story.stats, status=Status.ENDED))
    assert calm.is_due(old, replace(after, story=over), now)


def test_nothing_new_is_no_document() -> None:
    before = written(ferry())
    later = written(ferry(), before, 200)
    assert not calm.is_due(before, later, BEGIN + timedelta(minutes=200))
    hot = replace(later.story, stats=replace(later.story.stats, virality=3.5))
    assert calm.is_due(before, replace(later, story=hot), BEGIN + timedelta(minutes=200))
    assert compare(before.story, later.story).weight in (None, Weight.MINOR)


def test_an_address_no_document_may_have_is_left_out() -> None:
    odd = ferry()[0]
    odd = replace(odd, article=replace(odd.article, url="https://user@harbour.example/<x>"))
    story = written([odd, *ferry()[1:]]).story
    assert story.sources[0].url is None
    assert story.id == STORY
    assert material(ferry()).standing.outlets == 3
    assert common("ferry") == 2


def test_what_somebody_said_is_asked_of_the_speaker() -> None:
    one = report("A", "Talks", "On Monday Ada Brandt said the trams of Velden would run again.")
    two = report("B", "Talks", "The trams of Velden will run, according to Ada Brandt of Tramvolk.")
    asked = [each.question for each in written([one, two]).story.questions]
    assert "What did Ada Brandt say?" in asked
    assert not any("Velden say" in each for each in asked)


REWORDINGS = (
    ("ran aground on", "got stuck on"),
    ("The coastguard said", "The coastguard told reporters"),
    ("on Tuesday ", ""),
    ("passengers", "travellers"),
    ("The ferry Brandur", "The Norrvik ferry Brandur"),
    ("off Skerrick", "near the port of Skerrick"),
    ("have begun to take", "are taking"),
    ("Everyone from", "Everybody who was on"),
    ("212 people", "212 passengers and crew"),
)


def test_five_hundred_rewordings_are_no_correction() -> None:
    before = written(ferry())
    for chosen in range(1, 512):
        reworded = []
        for each in ferry():
            text = each.article.text
            for at, (old, new) in enumerate(REWORDINGS):
                if chosen >> at & 1:
                    text = text.replace(old, new)
            reworded.append(replace(each, revised=1, article=replace(each.article, text=text)))
        assert correction(material(reworded), before) is None, chosen
