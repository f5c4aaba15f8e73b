"""Articles that only look like news: standing formats that share their words with every story."""

import re

_FORMATS = re.compile(
    r"""(?ix)
    \blive\ blog\b | \blive\ updates?\b | ^live:\s | ^as\ it\ happened\b
  | \bhoroscopes?\b | \bcrosswords?\b | \bsudoku\b | \bquiz\ of\ the\ (?:day|week)\b | \bwordle\b
  | \bmorning\ (?:briefing|buzz|roundup|headlines)\b
  | \b(?:evening|daily|weekly)\ (?:briefing|digest|roundup)\b
  | \bweek\ ahead\b | \bwhat\ to\ watch\ (?:today|tonight|this\ week)\b | \btv\ listings?\b
  | \b\d+\ things\ (?:you\ need\ )?to\ know\b | \btop\ \d+\ (?:stories|headlines)\b
  | \b(?:stock|stocks)\ (?:market\ news|to\ watch|roundup)\b | \bmarket\ wrap\b | \bstock\ movers?\b
  | \beye-catching\ stocks\b | \bwinners\ and\ losers\b
  | \bday\ \d+\ box\ office\b | \bbox\ office\ collections?\b
  | \b(?:photos?|pictures?)\ of\ the\ (?:day|week)\b | \bletters\ to\ the\ editor\b
  | \blottery\ (?:results|numbers)\b | \bweather\ forecast\b | \bon\ this\ day\b
    """
)


_HINTS = frozenset(
    re.findall(
        r"[a-z]+",
        "live happened horoscope horoscopes crossword crosswords sudoku quiz wordle morning "
        "evening daily weekly week watch tv things top stock stocks market winners office day "
        "letters lottery weather",
    )
)
"""Each format has one of these words, and most titles have none: then nothing else is looked at."""
_WORDS = re.compile(r"[a-z]+")


def is_filler(title: str) -> bool:
    """Whether a title names a standing format, such as a live blog or a horoscope."""
    if _HINTS.isdisjoint(_WORDS.findall(title.casefold())):
        return False
    return _FORMATS.search(title) is not None
