"""From files to numbers: readers, tokenizers, vocabularies, and the documents of a text."""
