"""Signing up with an e-mail address or a username, and a password."""
