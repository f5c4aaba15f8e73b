"""The operator's choices: settings from the environment, and chats from storywire.toml."""
