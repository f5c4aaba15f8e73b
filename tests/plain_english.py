"""Words that make a native speaker read a sentence twice."""

import re

RIDDLES = re.compile(r"wherefore|\bmend\w*|whoever|is owed|by now\b", re.IGNORECASE)
