"""What Discord allows and can do."""

from bot.model.capabilities import Capabilities, Limits

DISCORD = Capabilities(
    limits=Limits(
        # 50/s a bot and 5 in 5 s a channel: docs.discord.com, Rate Limits.
        per_second=45,
        chat_gap_s=1.0,
        # Ten publishes an hour a channel: https://github.com/discordjs/discord.js/issues/4956.
        # A request may be carried out a while after it was made.
        publishes=(10, 3660.0),
        # An address is banned for a while after 10,000 refused requests in ten minutes
        # (docs.discord.com, Rate Limits): at half of that we pause by ourselves.
        refusals=(5_000, 600.0),
    ),
    mentions=True,
    finds=True,
    group=lambda chat: chat,  # a thread has limits of its own
    is_group=lambda _: False,  # a channel is a channel
)
