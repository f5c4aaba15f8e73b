"""How things are put into words: languages and catalogues, message blocks, cards, text, reasons."""
