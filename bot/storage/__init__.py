"""What the bot stores in Redis and on disk: the ledger, rules, drafts, due cards, audit,
positions."""
