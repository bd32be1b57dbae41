"""What others sign: their metadata, their keys, their tokens. No database."""
