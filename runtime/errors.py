"""What any process of ours can fail with, named for what happened."""


class SetupError(Exception):
    """The operator should hear about it: what is wrong with the set-up, and how to mend it."""


class LeaseLost(Exception):
    """Another process holds the lease now."""
