"""Text: lines, tokenizers, vocabularies, texts as ids, and their documents."""
