"""The trie: n-grams as columns sorted by their history read backwards; how they are built, counted and found."""
