"""A logout at a provider ends the sessions here that stand on it."""
