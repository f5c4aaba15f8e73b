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


def is_filler(title: str) -> bool:
    """Whether a title names a standing format, such as a live blog or a horoscope."""
    return _FORMATS.search(title) is not None
