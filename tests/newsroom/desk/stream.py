"""A small stream of our own writing: invented stories by invented outlets, and single pieces."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from newsroom.desk.background import background
from newsroom.desk.entries import Came, Entry, Tick, came
from newsroom.desk.words import Reader
from newsroom.model import Article, FeedKey, article_key

BEGIN = datetime(2031, 5, 6, 6, 0, tzinfo=UTC)
READER = Reader(background("en").documents)

STORIES: dict[str, tuple[tuple[float, str, str, str], ...]] = {
    "ferry": (
        (
            0.0,
            "harbour-times.example",
            "Ferry Brandur runs aground off Skerrick with 212 aboard",
            "The ferry Brandur ran aground on a sandbank off Skerrick before dawn on Tuesday with "
            "212 people aboard. The coastguard said nobody was hurt and that two lifeboats were "
            "beside the ship. Passengers were told to stay in the lounge.",
        ),
        (
            0.6,
            "north-post.example",
            "Passengers taken off grounded Skerrick ferry",
            "Lifeboats have begun to take passengers off the ferry Brandur, which is stuck on a "
            "sandbank near Skerrick. The coastguard counted 212 people aboard. The shipping line "
            "Norrvik blamed fog.",
        ),
        (
            2.0,
            "island-radio.example",
            "Brandur: all passengers ashore at Skerrick",
            "Everyone from the grounded ferry Brandur is ashore in Skerrick, the coastguard said. "
            "Norrvik, the shipping line, will try to pull the ferry from the sandbank at the next "
            "high tide.",
        ),
        (
            3.5,
            "harbour-times.example",
            "Norrvik ferry to be refloated at high tide",
            "Two tugs are on their way to Skerrick to pull the ferry Brandur from the sandbank on "
            "which it ran aground. Norrvik says the hull is sound.",
        ),
        (
            9.0,
            "mainland-daily.example",
            "Grounded ferry Brandur floats again off Skerrick",
            "Tugs have refloated the ferry Brandur, which ran aground off Skerrick this morning "
            "with 212 passengers. Divers will look at its hull.",
        ),
    ),
    "strike": (
        (
            1.0,
            "mainland-daily.example",
            "Tram drivers in Velden vote to strike from Thursday",
            "Tram drivers in Velden have voted for an open-ended strike from Thursday over new "
            "shift rosters, the union Tramvolk said. Eight of ten drivers voted yes.",
        ),
        (
            1.8,
            "city-ledger.example",
            "Velden trams face open-ended strike over rosters",
            "No trams will run in Velden from Thursday if the union Tramvolk keeps to its vote. "
            "Drivers reject new rosters with split shifts. The city called for talks.",
        ),
        (
            5.0,
            "north-post.example",
            "Tramvolk and Velden to meet before tram strike",
            "The union Tramvolk and the city of Velden will meet on Wednesday, a day before the "
            "tram strike over rosters is to begin.",
        ),
        (
            26.0,
            "city-ledger.example",
            "Tram strike in Velden called off after late deal",
            "Velden's trams will run on Thursday: Tramvolk called off the strike after the city "
            "withdrew the split shifts from its rosters.",
        ),
    ),
    "comet": (
        (
            4.0,
            "sky-weekly.example",
            "Comet Adair-Okoro becomes visible to the naked eye",
            "Comet Adair-Okoro can now be seen without a telescope low in the west after sunset, "
            "observers at Mount Halden report. It will be brightest on Saturday.",
        ),
        (
            6.0,
            "mainland-daily.example",
            "How to see comet Adair-Okoro this week",
            "Look west after sunset: comet Adair-Okoro is bright enough for the naked eye, say "
            "astronomers at Mount Halden, who expect its peak on Saturday.",
        ),
        (
            11.0,
            "island-radio.example",
            "Crowds on Mount Halden for comet Adair-Okoro",
            "Hundreds climbed Mount Halden at sunset to see comet Adair-Okoro. The observatory "
            "will open its domes until the comet peaks on Saturday.",
        ),
    ),
    "bridge": (
        (
            7.0,
            "city-ledger.example",
            "Orlen bridge closed after cracks are found in a pier",
            "Engineers have closed the Orlen bridge in Tessaly to all traffic after they found "
            "cracks in its third pier. 30,000 cars cross it every day.",
        ),
        (
            8.0,
            "north-post.example",
            "Cracked pier shuts Tessaly's Orlen bridge",
            "Tessaly's busiest crossing, the Orlen bridge, is shut. Engineers saw cracks in one "
            "pier. Mayor Ilse Quandt said repairs may take weeks.",
        ),
        (
            13.0,
            "mainland-daily.example",
            "Orlen bridge: mayor Quandt promises extra trains",
            "Extra trains will run in Tessaly while the Orlen bridge is closed, mayor Ilse Quandt "
            "said. Engineers are measuring the cracks in the pier.",
        ),
    ),
}
SINGLE = (
    ("Bakers of Lund revive a rye loaf from 1840", "The recipe was found in a parish book."),
    (
        "Otters return to the river Wend after sixty years",
        "A warden filmed three of them at night.",
    ),
    ("Chess: Marisol Vantongeren wins the Basalt Cup", "She drew her last game with black."),
    ("A museum of buttons opens in Carrow", "It shows four thousand of them in drawers."),
    ("Farmers in Pellam expect an early plum harvest", "The spring was the warmest since 1998."),
    ("Library in Dorne lends umbrellas", "Readers bring them back when the sun is out."),
)
OUTLETS = ("lund-bote.example", "wend-mail.example", "carrow-echo.example")


def article(
    outlet: str, title: str, text: str, hours: float, key: str | None = None, *, alone: bool = False
) -> Article:
    """An article that was published and fetched so many hours after the stream began."""
    at = BEGIN + timedelta(hours=hours)
    return Article(
        key=article_key(FeedKey(outlet), key or title),
        feed=FeedKey(outlet),
        outlet=outlet,
        title=title,
        text=text,
        published=at,
        arrived=at,
        alone=alone,
    )


def articles() -> list[tuple[str | None, Article]]:
    """All articles in their order, each with its story."""
    made: list[tuple[str | None, Article]] = []
    for story, reports in STORIES.items():
        for hours, outlet, title, text in reports:
            made.append((story, article(outlet, title, text, hours)))
    for place, (title, text) in enumerate(SINGLE):
        made.append((None, article(OUTLETS[place % 3], title, text, 2.0 * place + 0.3)))
    return sorted(made, key=lambda each: (each[1].published, each[1].key))


def entry(made: Article, *, revised: bool = False) -> Came:
    """The log's entry for an article."""
    return came(made, READER, revised=revised)


def tick(hours: float) -> Tick:
    """The tick so many hours after the stream began."""
    return Tick(int((BEGIN + timedelta(hours=hours)).timestamp()))


def log(step: float = 0.5, until: float = 40.0) -> Iterator[Entry]:
    """The whole stream as a log, with a tick after every so many hours."""
    waiting = [entry(each) for _, each in articles()]
    hours = 0.0
    while hours <= until:
        now = tick(hours)
        while waiting and waiting[0].published <= now.at:
            yield waiting.pop(0)
        yield now
        hours += step
