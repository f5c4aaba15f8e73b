"""Sentences held against the sources they cite. Bot, newsroom and web stand above it."""
