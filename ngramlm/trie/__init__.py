"""The n-grams as columns sorted by history read backwards, and how counts are gathered into them."""
