"""Reading: from the feeds of the world to articles. Knows nothing of stories."""
