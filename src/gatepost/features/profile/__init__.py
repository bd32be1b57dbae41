"""What a user sees of themselves, may change, and may delete."""
