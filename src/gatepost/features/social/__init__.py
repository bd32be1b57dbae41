"""Signing in with others: the way to a provider and back, for browsers and for applications."""
