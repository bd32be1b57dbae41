"""Signing in and out of a browser session, held by a cookie."""
