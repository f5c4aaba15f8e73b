"""The bot's plain data: chats, rules, commands, errors."""
