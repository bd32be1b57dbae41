"""Roles and what they allow: defined by settings or by operators, resolved in memory, taken away everywhere at once."""
