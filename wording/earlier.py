"""Reads reasons as earlier versions stored them: English sentences, one per line. Never written."""

from collections.abc import Mapping

Params = Mapping[str, str]

DISCORD = {"platform": "discord"}
TELEGRAM = {"platform": "telegram"}

SENTENCES: Mapping[str, tuple[str, Params]] = {
    "the storage lost its memory of this card; the next update is posted afresh": (
        "record lost",
        {},
    ),
    "it is not known whether the card was posted; the next update is posted afresh": (
        "outcome unknown",
        {},
    ),
    "nothing is kept of this story any more": ("story forgotten", {}),
    "the record of this card was written by a newer version of this bot, or damaged": (
        "record unreadable",
        {},
    ),
    "not sure of the lease": ("lease unsure", {}),
    "the bot was removed, or the chat is gone": ("bot out", {}),
    "another story's card becomes this one's": ("cards merging", {}),
    "the storage lost its memory of this card": ("record lost", {}),
    "Discord asks for a pause": ("pause", DISCORD),
    "Telegram asks for a pause": ("pause", TELEGRAM),
    "no connection to Discord": ("no connection", DISCORD),
    "no connection to Telegram": ("no connection", TELEGRAM),
    "not connected to Discord": ("no connection", DISCORD),
    "not connected to Telegram": ("no connection", TELEGRAM),
    "Discord no longer takes the bot's token": ("token refused", DISCORD),
    "Telegram no longer takes the bot's token": ("token refused", TELEGRAM),
    "only the cards of an announcement channel can be published": ("not announcements", {}),
    "the channel is gone": ("channel gone", {}),
    "the server is gone or the bot was removed from it": ("server gone", {}),
    "the person is unknown to Discord": ("person unknown", {}),
    "the channel's pins are full, Discord keeps 250": ("pins full", {}),
    "the person takes no direct messages from the bot": ("direct messages closed", {}),
    "this kind of channel holds no messages": ("channel without messages", {}),
    "this kind of channel does not allow it": ("channel type", {}),
    "the person cannot be written to": ("person not writable", {}),
    "the thread is archived": ("thread archived", {}),
    "the bot is in no server with this person": ("no common server", {}),
    "the bot lacks “Read Message History”, which replies need": ("history hidden", {}),
    "the thread is locked": ("thread locked", {}),
    "the server's AutoMod blocked the message": ("automod", {}),
    "Discord's filter for explicit content refused it": ("explicit filter", {}),
    "Discord's filter refused a link in it": ("link filter", {}),
    "the bot was removed from the server, or from the thread": ("removed from server", {}),
    "the bot lacks {rights}": ("lacks permissions", {}),
    "it is a forum: posts go into its threads, not into the forum itself": ("forum", {}),
    "it is a category: it holds channels and no messages": ("category", {}),
    "it is a stage: its chat is for the people at an event": ("stage", {}),
    "it is a server's number, not a channel's": ("server id", {}),
    "the person has blocked the bot": ("blocked", {}),
    "the person has not started the bot": ("not started", {}),
    "the person's account is gone": ("account gone", {}),
    "the chat is another bot's": ("chat of a bot", {}),
    "the group was deleted": ("group deleted", {}),
    "the bot was removed from the chat": ("removed from chat", {}),
    "the bot is not in the chat": ("not in chat", {}),
    "the bot is not in the channel": ("not in channel", {}),
    "the chat is gone, or the bot never was in it": ("chat not found", {}),
    "the chat is unknown to the bot": ("chat unknown", {}),
    "the topic is gone": ("topic gone", {}),
    "the topic is closed": ("topic closed", {}),
    "the bot may not pin there": ("may not pin", {}),
    "the bot may not post in the channel": ("may not post", {}),
    "the bot is not an administrator there": ("not administrator", {}),
    "the bot may not write there": ("may not write", {}),
    "text messages are not allowed there": ("text not allowed", {}),
    "the bot may not do that there": ("may not do that", {}),
    "the group has no topics": ("no topics", {}),
}
"""The first line of what was stored, up to a tab · the code it has today, and its params."""

RIGHTS = "rights"
"""The parameter under which the names of missing permissions were stored, after the tab."""
MOVED = "the chat is now "
"""What preceded a chat's new address."""

QUOTES: Mapping[str, str] = {"discord": "Discord said ", "telegram": "Telegram said: "}
"""How a platform's own words began."""
REMEDIES: Mapping[str, str] = {
    "see that the bot can see the channel and write there": "platform said: no access",
    "check the bot's rights under Edit Channel → Permissions": "platform said: no permission",
    "let the bot write there: make it an administrator, or lift its restriction": (
        "platform said: forbidden"
    ),
    "check that the bot may post there, and what filters its messages": (
        "platform said: not this card"
    ),
}
"""The last line after a platform's own words · the code that has this remedy today."""
