"""Exceptions that any process can raise, named for what happened."""


class SetupError(Exception):
    """For the operator: what is wrong with the setup, and how to fix it."""


class LeaseLost(Exception):
    """Another process holds the lease now."""
