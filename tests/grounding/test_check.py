"""A sentence is held against the texts it cites: what they do not say is found, by kind."""

import pytest

from grounding.check import Evidence, Fault, check
from grounding.numbers import numbers
from grounding.words import sentences, stem

CITED = Evidence(
    (
        "Night ferry returns to Sorvik after repairs",
        "The night ferry sailed from Sorvik at dusk on Tuesday, the Sorvik Line said. About 240 "
        "passengers were on board. Captain Ina Holm said the bow door was safe. The line does "
        "not expect further delays this week. Repairs cost 28.8 million crowns. A second crack "
        "may have been missed, the inspector Odd Lien said. “We checked every weld twice,” Holm "
        "said.",
    )
)


@pytest.mark.parametrize(
    "sentence",
    [
        "The night ferry sailed from Sorvik at dusk on Tuesday.",
        "About 240 passengers were on board the night ferry.",
        "Repairs cost 28,800,000 crowns.",
        "The Sorvik Line does not expect further delays this week.",
        "Captain Ina Holm said “we checked every weld twice”.",
        "A second crack may have been missed, inspector Odd Lien said.",
    ],
)
def test_what_the_texts_say_passes(sentence: str) -> None:
    assert check(sentence, CITED) == ()


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("The night ferry sailed from Bergen at dusk.", Fault.NAME),
        ("Captain Odd Holm said the bow door was safe.", Fault.NAME),
        ("About 340 passengers were on board.", Fault.NUMBER),
        ("Repairs cost 240 crowns.", Fault.NUMBER),
        ("The night ferry sailed from Sorvik at dusk on Friday.", Fault.DATE),
        ("Captain Ina Holm said “we checked every weld once”.", Fault.QUOTATION),
        ("Passengers enjoyed coffee, cake and sunshine during travel.", Fault.OVERLAP),
        ("The night ferry did not sail from Sorvik at dusk.", Fault.POLARITY),
        ("The line expects further delays this week.", Fault.POLARITY),
        ("A second crack has been missed.", Fault.MODALITY),
        ("Repairs cost 28.8 million crowns, said Bow Welder.", Fault.NAME),
        ("About 240 percent of passengers were on board.", Fault.NUMBER),
        ("Passengers on board paid $240.", Fault.NUMBER),
        ("A 240-hour trip with passengers on board.", Fault.NUMBER),
        ("Brandt said the bow door was safe.", Fault.NAME),
        ("Brandt, a captain, said the bow door was safe.", Fault.NAME),
    ],
)
def test_what_they_do_not_say_is_found(sentence: str, fault: Fault) -> None:
    assert fault in {finding.fault for finding in check(sentence, CITED)}


def test_a_sentence_without_a_source_never_passes() -> None:
    assert [each.fault for each in check("The ferry sailed.", ())] == [Fault.UNCITED]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("28.8m and 28,800,000 and 28.8 million", [28_800_000] * 3),
        ("two hundred and forty-one passengers", [241]),
        ("twenty-five thousand", [25_000]),
        ("dozens were hurt, the first time", ["dozens", "first"]),
        ("COVID-19 and the G-7", ["covid-19", "g-7"]),
        ("three and four", [3, 4]),
    ],
)
def test_numbers_are_compared_by_value(text: str, values: list[object]) -> None:
    assert [each.value for each in numbers(text)] == values


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("6% or 6 percent or 6 per cent", ["%"] * 3),
        ("6 to 8 percent", ["%", "%"]),
        ("$6 million and 6 dollars", ["$", "$"]),
        ("May 6, the 6th of May and 6 May", ["month 5"] * 3),
        ("6 ferries in May 2031", ["", ""]),
    ],
)
def test_a_share_money_and_a_day_are_other_numbers(text: str, units: list[str]) -> None:
    assert [each.unit for each in numbers(text)] == units


def test_not_until_denies_nothing() -> None:
    said = "The night ferry did not sail until dusk on Tuesday, the Sorvik Line said."
    assert check(said.replace("did not sail until", "sailed, not until"), CITED) == ()
    assert check(said.replace("until", "at"), CITED)


def test_sentences_do_not_end_at_abbreviations() -> None:
    text = "Sen. Ada Byrne met Dr. J. Moe on Jan. 5. They agreed."
    assert sentences(text) == ["Sen. Ada Byrne met Dr. J. Moe on Jan. 5.", "They agreed."]


def test_inflected_forms_have_one_stem() -> None:
    assert len({stem(word) for word in ("voted", "votes", "voting", "voters")}) == 1
    assert stem("said") == stem("says")
