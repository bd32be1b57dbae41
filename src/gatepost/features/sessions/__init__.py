"""A user's own sessions: the list, the end of one, the end of all others."""
