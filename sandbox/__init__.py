"""A Discord and a Telegram on your own machine, for any bot:
it knows nothing of the other packages."""
