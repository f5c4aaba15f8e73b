"""Finds the line of a key in a TOML file, for error sentences that name it."""


def line_of(text: str, table: str, entry: int | None, key: str) -> int:
    """The line (from 1) of a key in the entry-th [[table]] (from 0), or of that entry's header.

    With `entry` None: the line of a key, or of the table of that name, outside those entries, then
    of the key in any of them, else 1.
    """
    head, anywhere, seen = 1, 0, -1
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.replace(" ", "").startswith(f"[[{table}]]"):
            seen += 1
            if seen == entry:
                head = number
        elif bare.startswith("[") and entry is None and bare.strip("[] ") == key:
            return number
        if not key or bare.partition("=")[0].strip(" \"'") != key:
            continue
        if seen == (-1 if entry is None else entry):
            return number
        if entry is None:
            anywhere = anywhere or number
    return anywhere or head
