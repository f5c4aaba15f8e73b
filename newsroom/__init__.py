"""The newsroom: feeds in, articles grouped into stories, documents out."""
