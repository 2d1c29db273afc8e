"""From lines to ids: readers of lines, tokenizers, vocabularies, texts and their documents."""
