"""What a story is, how it is stored, and the stories in memory. Imports nothing but runtime."""
