"""Stories to documents, in the articles' own sentences. Pure: no clock, no I/O, deterministic."""
