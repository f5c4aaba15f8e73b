"""The desk: articles to stories. It is pure: no clock, no files, and equal input, equal output."""
