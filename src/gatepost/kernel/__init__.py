"""Pure Python on the standard library alone: the words that every other layer speaks."""
