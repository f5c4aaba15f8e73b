"""The `storywire` command, above every other package."""
