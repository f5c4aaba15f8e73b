"""The adapters: one package per chat platform, the same modules in each."""
