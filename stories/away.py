"""The storage is away: one word for everyone who has to wait for it."""


class StorageAway(Exception):
    """The storage cannot be reached just now. Nothing is known to have been written."""
