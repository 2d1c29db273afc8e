"""The n-grams as columns sorted by history read backwards, and how they are built, counted and merged."""
