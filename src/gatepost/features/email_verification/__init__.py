"""Verifying by mail that an address is the user's own."""
