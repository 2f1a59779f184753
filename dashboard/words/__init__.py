"""Results in words: sentences, cards, and how numbers are written."""
